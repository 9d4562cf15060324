import Synchronization

/// The time at which the current pass last made progress.
final class PassHeartbeat: Sendable {
  private let last = Mutex<ContinuousClock.Instant?>(nil)

  /// Call at the start of a pass.
  func begin() { last.withLock { $0 = .now } }

  /// Call after each step of a pass: a pass that makes progress isn't stuck, however long it takes.
  func step() { last.withLock { if $0 != nil { $0 = .now } } }

  /// Call at the end of a pass.
  func end() { last.withLock { $0 = nil } }

  /// Whether the current step has taken no longer than `limit`, or no pass is in progress.
  func isWithin(_ limit: Duration) -> Bool {
    last.withLock { last in last.map { .now - $0 <= limit } ?? true }
  }
}

/// The requests for passes. Any number of requests at once results in one pass over all pods, or
/// one pass over each run.
final class PassRequests: Sendable {
  /// The scope of the next pass.
  struct Pending: Sendable {
    /// Whether all pods are inspected.
    var everything = false
    /// Runs whose executor has exited, or that have new objects.
    var runs: Set<String> = []

    var isEmpty: Bool { !everything && runs.isEmpty }
  }
  /// The number of runs beyond which one pass over all pods is made instead.
  static let mostRuns = 4

  /// Has an element while a pass is requested.
  let signals: AsyncStream<Void>
  private let signal: AsyncStream<Void>.Continuation
  private let pending = Mutex(Pending())

  init() {
    (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  /// Requests a pass over one run's pods.
  func add(run: String) {
    pending.withLock {
      // A pass over all pods removes pods in parallel; passes over runs are made one after the
      // other.
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

  /// Returns and clears the requests.
  func take() -> Pending {
    pending.withLock { pending in
      defer { pending = Pending() }
      return pending
    }
  }

  /// Finishes the sequence of signals.
  func finish() { signal.finish() }
}
