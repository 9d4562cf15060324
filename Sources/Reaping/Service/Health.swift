import Synchronization

/// Whether the service does its work, for `status`, the metrics and systemd's watchdog.
final class Health: Sendable {
  /// What is the matter.
  struct Problem: Sendable, Equatable {
    var words: String
    /// Whether a new start of this program might help. It doesn't bring an engine back, and loses
    /// what was observed.
    var callsForRestart: Bool
  }
  /// Why a pass couldn't be completed.
  enum Cause: Sendable { case engine, own }

  private struct State {
    var lastPass: SuspendingClock.Instant
    var isWorking = false
    var failure: (words: String, cause: Cause)?
    var missing: [String] = []
  }
  private let state: Mutex<State>

  /// A program that starts now has until the third interval for its first pass.
  init(now: SuspendingClock.Instant = .now) { state = Mutex(State(lastPass: now)) }

  /// A pass has the lock: however long it takes, whether it gets on is for `Progress` to tell.
  func passBegins() { state.withLock { $0.isWorking = true } }

  /// It was completed, over everything or one run only.
  func passEnds(isFull: Bool, at now: SuspendingClock.Instant = .now) {
    state.withLock {
      $0.isWorking = false
      if isFull { ($0.lastPass, $0.failure) = (now, nil) }
    }
  }

  /// A pass couldn't be completed.
  func passFailed(_ words: String, _ cause: Cause) {
    state.withLock {
      $0.isWorking = false
      $0.failure = (words, cause)
    }
  }

  /// What of the directories and sockets is missing; empty where nothing is.
  func note(missing: [String]) { state.withLock { $0.missing = missing } }

  /// Time since the last full pass, or since the start.
  func sinceLastPass(at now: SuspendingClock.Instant = .now) -> Duration {
    state.withLock { now - $0.lastPass }
  }

  /// What is the matter; nil where all is well. A full pass is due every interval: after three
  /// without one something is wrong.
  func problem(every interval: Duration, at now: SuspendingClock.Instant = .now) -> Problem? {
    state.withLock { state in
      let since = now - state.lastPass
      if since > interval * 3, !state.isWorking {
        let reason = state.failure.map { ": \($0.words)" } ?? ""
        return Problem(
          words: "no pass was completed for \(since.words)\(reason)",
          callsForRestart: state.failure?.cause != .engine)
      }
      if state.missing.isEmpty { return nil }
      return Problem(words: state.missing.joined(separator: "; "), callsForRestart: false)
    }
  }
}

/// How the service does, as `status` reports it.
package struct ServiceReport: Codable, Sendable {
  package var healthy: Bool
  /// What is the matter.
  package var problem: String?
  /// Seconds since the last full pass, or since the start.
  package var secondsSincePass: Double
}
