import Synchronization

/// When the pass that is under way last made progress.
final class PassHeartbeat: Sendable {
  private let last = Mutex<ContinuousClock.Instant?>(nil)

  /// A pass begins.
  func begin() { last.withLock { $0 = .now } }

  /// Some step of it is done: however long a pass takes, one that gets on doesn't hang.
  func step() { last.withLock { if $0 != nil { $0 = .now } } }

  /// It has ended.
  func end() { last.withLock { $0 = nil } }

  /// Whether no step of a pass has been under way longer than that.
  func isWithin(_ limit: Duration) -> Bool {
    last.withLock { last in last.map { .now - $0 <= limit } ?? true }
  }
}

/// What calls for a pass. However much comes at once, it becomes one pass over everything or one
/// over each run.
final class PassRequests: Sendable {
  /// What the next pass is for.
  struct Pending: Sendable {
    /// Every pod is looked at.
    var everything = false
    /// Runs whose executor has ended, or of which something has appeared.
    var runs: Set<String> = []

    var isEmpty: Bool { !everything && runs.isEmpty }
  }
  /// More runs than these become one pass over everything.
  static let mostRuns = 4

  /// Has an element while something is requested.
  let signals: AsyncStream<Void>
  private let signal: AsyncStream<Void>.Continuation
  private let pending = Mutex(Pending())

  init() {
    (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  /// Requests a pass over one run's pods.
  func add(run: String) {
    pending.withLock {
      // One pass over everything removes pods at the same time, passes over runs one after the other.
      if $0.runs.count < Self.mostRuns {
        $0.runs.insert(run)
      } else if !$0.runs.contains(run) {
        $0.everything = true
      }
    }
    signal.yield()
  }

  /// Requests a pass over all pods.
  func addEverything() {
    pending.withLock { $0.everything = true }
    signal.yield()
  }

  /// Takes off what is requested.
  func take() -> Pending {
    pending.withLock { pending in
      defer { pending = Pending() }
      return pending
    }
  }

  /// Ends the signals.
  func finish() { signal.finish() }
}
