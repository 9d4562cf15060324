import Glibc
import Program
import Synchronization

/// The health of the service, for `status`, the metrics and systemd's watchdog.
final class Health: Sendable {
  /// Why the service is unhealthy.
  struct Problem: Sendable, Equatable {
    var text: String
    /// Whether a restart of this program might help. A restart doesn't bring an engine back, and
    /// loses the evidence.
    var callsForRestart: Bool
  }
  /// Why a pass couldn't be completed.
  enum Cause: Sendable { case engine, own }

  fileprivate struct State {
    var lastPass: SuspendingClock.Instant
    var isWorking = false
    var failure: (text: String, cause: Cause)?
    var missing: [String] = []
    var workBegan: ContinuousClock.Instant?
    var last: FinishedPass?
    /// When the next full pass is due, and when the next follow-up pass is due.
    var next: ContinuousClock.Instant?
    var followUp: ContinuousClock.Instant?
  }
  fileprivate struct FinishedPass {
    var end: ContinuousClock.Instant
    var took: Duration?
    var isComplete: Bool
    var result: String
  }
  private let state: Mutex<State>
  private let began = ContinuousClock.now
  private let startTime = Timestamp.now

  /// After its start the program has three intervals for its first pass.
  init(now: SuspendingClock.Instant = .now) { state = Mutex(State(lastPass: now)) }

  /// A pass has acquired the lock. `PassHeartbeat` checks its progress, however long it takes.
  func passBegins() { state.withLock { ($0.isWorking, $0.workBegan) = (true, .now) } }

  /// A pass over all pods or over one run was completed; `result` is for people.
  func passEnds(isFull: Bool, at now: SuspendingClock.Instant = .now, result: String = "") {
    state.withLock {
      $0.finish(isComplete: true, result)
      if isFull { ($0.lastPass, $0.failure) = (now, nil) }
    }
  }

  /// A pass couldn't be completed.
  func passFailed(_ words: String, _ cause: Cause) {
    state.withLock {
      $0.finish(isComplete: false, words)
      $0.failure = (words, cause)
    }
  }

  /// Sets the time of the next full pass.
  func record(next: ContinuousClock.Instant) { state.withLock { $0.next = next } }

  /// Sets the time of the next follow-up pass; nil if there is none.
  func record(followUp: ContinuousClock.Instant?) { state.withLock { $0.followUp = followUp } }

  /// Sets the missing directories and sockets; empty if there are none.
  func record(missing: [String]) { state.withLock { $0.missing = missing } }

  /// The time since the last full pass, or since the start.
  func sinceLastPass(at now: SuspendingClock.Instant = .now) -> Duration {
    state.withLock { now - $0.lastPass }
  }

  /// The problem; nil if the service is healthy. A full pass is due every interval: three intervals
  /// without one are a problem.
  func problem(every interval: Duration, at now: SuspendingClock.Instant = .now) -> Problem? {
    state.withLock { state in
      let since = now - state.lastPass
      if since > interval * 3, !state.isWorking {
        let reason = state.failure.map { ": \($0.text)" } ?? ""
        return Problem(
          text: "no pass was completed for \(since.text)\(reason)",
          callsForRestart: state.failure?.cause != .engine)
      }
      if state.missing.isEmpty { return nil }
      return Problem(text: state.missing.joined(separator: "; "), callsForRestart: false)
    }
  }

  /// The state of the service, for `status`.
  func report(every interval: Duration, at now: ContinuousClock.Instant = .now) -> ServiceReport {
    let problem = problem(every: interval)
    let since = sinceLastPass().inSeconds
    return state.withLock { state in
      var report = ServiceReport(
        healthy: problem == nil, problem: problem.map { Printable.text($0.text) },
        secondsSincePass: since)
      report.since = startTime
      report.uptime = (now - began).inSeconds
      report.version = Version.text
      report.pid = getpid()
      report.working = state.isWorking
      report.lastPass = state.last.map { last in
        ServiceReport.LastPass(
          age: (now - last.end).inSeconds, seconds: last.took?.inSeconds,
          completed: last.isComplete, result: Printable.text(last.result))
      }
      let next = [state.next, state.followUp].compactMap { $0 }.min()
      report.nextPass = next.map { max(0, ($0 - now).inSeconds) }
      return report
    }
  }
}

extension Health.State {
  fileprivate mutating func finish(isComplete: Bool, _ result: String) {
    last = Health.FinishedPass(
      end: .now, took: workBegan.map { .now - $0 }, isComplete: isComplete, result: result)
    (isWorking, workBegan) = (false, nil)
  }
}

/// The state of the service in the output of `status`. Older services don't send the optional
/// parts.
package struct ServiceReport: Codable, Sendable {
  /// The last finished pass, over all pods or over those of some runs.
  package struct LastPass: Codable, Sendable {
    /// Seconds since its end.
    package var age: Double
    /// Its duration in seconds; nil if it couldn't start.
    package var seconds: Double?
    /// Whether it was completed.
    package var completed: Bool
    /// Its result, or why it failed.
    package var result: String
  }

  package var healthy: Bool
  /// The problem, if the service is unhealthy.
  package var problem: String?
  /// Seconds since the last full pass, or since the start.
  package var secondsSincePass: Double
  /// When the service started, in UTC (RFC 3339).
  package var since: String?
  /// Seconds since its start.
  package var uptime: Double?
  package var version: String?
  package var pid: Int32?
  /// Whether a pass is in progress.
  package var working: Bool?
  package var lastPass: LastPass?
  /// Seconds until the next pass, if none is requested before.
  package var nextPass: Double?
}
