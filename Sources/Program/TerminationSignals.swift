import Dispatch
import Glibc

/// The signals that stop a pod, as a stream: TERM, ctrl-C and a closed terminal.
package final class TerminationSignals {
  /// The signals in the order of their arrival.
  package let stream: AsyncStream<Int32>
  private let sources: [any DispatchSourceSignal]

  /// Replaces the default action of the signals, which would terminate the process, and returns
  /// when the handlers are active. The caller creates nothing before that. The signals are never
  /// ignored in between, because an ignored signal would be lost.
  ///
  /// A hangup that the parent process has set to be ignored, as nohup does, stays ignored.
  ///
  /// - Parameters:
  ///   - early: gives the number of times that a signal arrived before this call; each counts as
  ///     an arrival.
  ///   - arrived: called immediately at each arrival, on a thread of its own.
  package init(
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
    // The value of SIG_IGN, a macro that Swift cannot import.
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }

  /// The name of a signal.
  package static func name(_ signal: Int32) -> String {
    [SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP"][signal] ?? "signal \(signal)"
  }
}
