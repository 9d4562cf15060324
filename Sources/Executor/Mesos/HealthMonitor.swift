import MesosExecutor

/// Runs a task's health check and check as Mesos' own executors do (Mesos, "Task Health Checking").
struct HealthMonitor: Sendable {
  let probe: TaskProbe

  /// What a health check found, when it differs from before.
  enum Finding: Sendable, Equatable {
    /// The task is healthy, or is not.
    case changed(isHealthy: Bool, words: String)
    /// So many checks failed in a row that the task is given up.
    case hopeless(words: String)
  }

  /// Checks until the task is given up or the monitor is cancelled.
  ///
  /// - Parameters:
  ///   - check: the health check.
  ///   - report: told of each change.
  func watch(_ check: HealthCheck, report: @Sendable (Finding) async -> Void) async {
    guard let what = check.probe else { return }
    let started = ContinuousClock.now
    var verdict = HealthVerdict(check: check)
    guard await Self.pause(check.delay) else { return }
    repeat {
      let result = await probe.look(what, timeout: check.timeout)
      if Task.isCancelled { return }
      switch verdict.take(isPassed: result.isPassed, after: .now - started) {
      case .same: break
      case .changed(let isHealthy):
        await report(.changed(isHealthy: isHealthy, words: result.words))
      case .hopeless:
        await report(.hopeless(words: result.words))
        return
      }
    } while await Self.pause(check.interval)
  }

  /// Checks until the monitor is cancelled.
  ///
  /// - Parameters:
  ///   - check: the check.
  ///   - report: told of each result that differs from the one before.
  func watch(_ check: CheckInfo, report: @Sendable (CheckStatus) async -> Void) async {
    guard let what = check.probe else { return }
    var last = what.unchecked
    guard await Self.pause(check.delay) else { return }
    repeat {
      let status = what.status(of: await probe.look(what, timeout: check.timeout))
      if Task.isCancelled { return }
      if status != last { await report(status) }
      last = status
    } while await Self.pause(check.interval)
  }

  /// Waits; false if the monitor was cancelled.
  private static func pause(_ time: Duration) async -> Bool {
    do {
      // A check without an interval must not become a busy loop.
      try await Task.sleep(for: max(time, .milliseconds(100)))
      return true
    } catch {
      return false
    }
  }
}

/// What a row of results means: failures don't count before the first success as long as the grace period lasts.
struct HealthVerdict {
  /// What one more result changes.
  enum Change: Equatable {
    case same
    case changed(isHealthy: Bool)
    case hopeless
  }

  private let gracePeriod: Duration
  private let limit: UInt32
  private var isHealthy: Bool?
  private var hasPassed = false
  private var failures: UInt32 = 0

  init(check: HealthCheck) {
    gracePeriod = check.gracePeriod
    limit = check.consecutiveFailures
  }

  /// Takes a result.
  ///
  /// - Parameters:
  ///   - isPassed: whether the check passed.
  ///   - time: how long the task has run.
  /// - Returns: what changes.
  mutating func take(isPassed: Bool, after time: Duration) -> Change {
    if isPassed {
      hasPassed = true
      failures = 0
      defer { isHealthy = true }
      return isHealthy == true ? .same : .changed(isHealthy: true)
    }
    if !hasPassed, time <= gracePeriod { return .same }
    failures += 1
    defer { isHealthy = false }
    if limit > 0, failures >= limit { return .hopeless }
    return isHealthy == false ? .same : .changed(isHealthy: false)
  }
}

extension Probe {
  /// What is said of a check before its first result.
  var unchecked: CheckStatus {
    switch self {
    case .http: .http(statusCode: nil)
    case .tcp: .tcp(succeeded: nil)
    case .command: .command(exitCode: nil)
    }
  }

  /// What is said of a check's result.
  ///
  /// - Parameter result: how the probe went.
  /// - Returns: the status; without a value where there was no answer.
  func status(of result: TaskProbe.Result) -> CheckStatus {
    switch self {
    case .http: .http(statusCode: result.status.map(UInt32.init))
    case .tcp: .tcp(succeeded: result.isConnected)
    case .command: .command(exitCode: result.exitCode.map(Int32.init))
    }
  }
}
