import Glibc
import Synchronization

/// Counts TERM and INT, which end nothing by themselves any more.
struct TerminationSignals: Sendable {
  init() {
    for number in [SIGTERM, SIGINT] {
      signal(number) { _ in signalCount.add(1, ordering: .relaxed) }
    }
  }

  var count: Int { signalCount.load(ordering: .relaxed) }
}

/// Global, since a signal handler can hold on to nothing.
private let signalCount = Atomic(0)
