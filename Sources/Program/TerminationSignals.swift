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
  /// A hangup that whoever started the process wants ignored, as nohup does, stays so.
  ///
  /// - Parameters:
  ///   - early: how often a signal came before this; each time counts as an arrival.
  ///   - arrived: told of each arrival at once, on a thread of its own.
  public init(
    early: (Int32) -> Int = { _ in 0 }, arrived: @escaping @Sendable (Int32) -> Void = { _ in }
  ) async {
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    self.stream = stream
    let numbers = [SIGTERM, SIGINT, SIGHUP].filter { $0 != SIGHUP || !Self.isIgnored($0) }
    sources = numbers.map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        arrived(number)
        continuation.yield(number)
      }
      return source
    }
    for source in sources {
      await withCheckedContinuation { listening in
        source.setRegistrationHandler { listening.resume() }
        source.activate()
      }
    }
    for number in numbers {
      for _ in 0..<early(number) {
        arrived(number)
        continuation.yield(number)
      }
    }
  }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0 else { return false }
    // SIG_IGN, which is a macro that Swift doesn't see.
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }

  /// A signal's name.
  public static func name(_ signal: Int32) -> String {
    [SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP"][signal] ?? "signal \(signal)"
  }
}
