import Glibc
import Program
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

  fileprivate struct State {
    var lastPass: SuspendingClock.Instant
    var isWorking = false
    var failure: (words: String, cause: Cause)?
    var missing: [String] = []
    var workBegan: ContinuousClock.Instant?
    var last: FinishedPass?
    /// When the next full pass is due, and the next one besides.
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

  /// A program that starts now has until the third interval for its first pass.
  init(now: SuspendingClock.Instant = .now) { state = Mutex(State(lastPass: now)) }

  /// A pass has the lock: however long it takes, whether it gets on is for `Progress` to tell.
  func passBegins() { state.withLock { ($0.isWorking, $0.workBegan) = (true, .now) } }

  /// It was completed, over everything or one run only; `result` is for people.
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

  /// When the next full pass is due.
  func note(next: ContinuousClock.Instant) { state.withLock { $0.next = next } }

  /// When a pass besides the full ones is due; nil where none is.
  func note(followUp: ContinuousClock.Instant?) { state.withLock { $0.followUp = followUp } }

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

  /// How the service does, for `status`.
  func report(every interval: Duration, at now: ContinuousClock.Instant = .now) -> ServiceReport {
    let problem = problem(every: interval)
    let since = sinceLastPass().inSeconds
    return state.withLock { state in
      var report = ServiceReport(
        healthy: problem == nil, problem: problem.map { Printable.text($0.words) },
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

/// How the service does, as `status` reports it. Services before this version lack what is optional here.
package struct ServiceReport: Codable, Sendable {
  /// The pass that ended last, over all pods or over those of some runs.
  package struct LastPass: Codable, Sendable {
    /// Seconds since it ended.
    package var age: Double
    /// How long it took in seconds; nil where it couldn't begin.
    package var seconds: Double?
    /// Whether it was completed.
    package var completed: Bool
    /// What it came to, or why it failed.
    package var result: String
  }

  package var healthy: Bool
  /// What is the matter.
  package var problem: String?
  /// Seconds since the last full pass, or since the start.
  package var secondsSincePass: Double
  /// When the service started, in UTC (RFC 3339).
  package var since: String?
  /// Seconds since its start.
  package var uptime: Double?
  package var version: String?
  package var pid: Int32?
  /// Whether a pass is under way.
  package var working: Bool?
  package var lastPass: LastPass?
  /// Seconds until the next pass, if nothing calls for one before.
  package var nextPass: Double?
}
