import MesosExecutor

/// Runs a task's health check and check as Mesos' own executors do (Mesos, "Task Health Checking").
struct HealthMonitor: Sendable {
  let probe: TaskProbe
  /// Returns once the agent is there, with the number of the subscription; throws `CancellationError`.
  let presence: @Sendable () async throws -> Int
  /// The number of the present subscription; nil while the agent is away.
  let current: @Sendable () async -> Int?

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
      guard let result = await look(what, timeout: check.timeout) else { continue }
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
      guard let result = await look(what, timeout: check.timeout) else { continue }
      let status = what.status(of: result)
      if Task.isCancelled { return }
      if status != last { await report(status) }
      last = status
    } while await Self.pause(check.interval)
  }

  /// Probes once the agent is there: while it is away, checks pause.
  ///
  /// - Returns: nil where the agent left meanwhile, or the monitor was cancelled: the result doesn't count.
  private func look(_ what: Probe, timeout: Duration) async -> TaskProbe.Result? {
    guard let number = try? await presence() else { return nil }
    let result = await probe.look(what, timeout: timeout)
    return await current() == number && result.counts ? result : nil
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
    failures += failures < .max ? 1 : 0
    defer { isHealthy = false }
    if failures >= limit { return .hopeless }
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
    case .http: .http(statusCode: result.status.map { UInt32(clamping: $0) })
    case .tcp: .tcp(succeeded: result.isConnected)
    case .command: .command(exitCode: result.exitCode.map { Int32(clamping: $0) })
    }
  }
}
