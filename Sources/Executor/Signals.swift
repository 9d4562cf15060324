import Dispatch
import Glibc

/// The signals that end a pod, as a stream: TERM, ctrl-C and a closed terminal.
final class TerminationSignals {
  /// Each signal as it arrives.
  let stream: AsyncStream<Int32>
  private let sources: [any DispatchSourceSignal]

  /// Takes the signals over from the default, which would end the process and leak the pod.
  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    self.stream = stream
    sources = [SIGTERM, SIGINT, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      source.activate()
      return source
    }
  }

  /// A signal's name.
  static func name(_ signal: Int32) -> String {
    [SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP"][signal] ?? "signal \(signal)"
  }
}
