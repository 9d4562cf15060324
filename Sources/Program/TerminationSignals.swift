import Dispatch
import Glibc

/// The signals that end a pod, as a stream: TERM, ctrl-C and a closed terminal.
public final class TerminationSignals {
  /// Each signal as it arrives.
  public let stream: AsyncStream<Int32>
  private let sources: [any DispatchSourceSignal]

  /// Takes the signals over from the default, which ends the process, and returns when they are listened to:
  /// before that nothing may be created. They are never ignored in between: such a signal would be lost.
  ///
  /// - Parameter early: how often a signal came before this; each time counts as an arrival.
  public init(early: (Int32) -> Int = { _ in 0 }) async {
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    self.stream = stream
    sources = [SIGTERM, SIGINT, SIGHUP].map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      return source
    }
    for source in sources {
      await withCheckedContinuation { listening in
        source.setRegistrationHandler { listening.resume() }
        source.activate()
      }
    }
    for number in [SIGTERM, SIGINT, SIGHUP] {
      for _ in 0..<early(number) { continuation.yield(number) }
    }
  }

  /// A signal's name.
  public static func name(_ signal: Int32) -> String {
    [SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP"][signal] ?? "signal \(signal)"
  }
}
