import MesosExecutor

/// Runs a task's health check and check like Mesos' own executors (Mesos, "Task Health Checking").
struct HealthMonitor: Sendable {
  let probe: HealthProbe
  /// Waits until the session is subscribed, and returns the number of the subscription; throws
  /// `CancellationError`.
  let presence: @Sendable () async throws -> Int
  /// The number of the current subscription; nil while the agent is away.
  let current: @Sendable () async -> Int?

  /// A result of a health check that differs from the previous one.
  enum Finding: Sendable, Equatable {
    /// The health of the task has changed.
    case changed(isHealthy: Bool, message: String)
    /// The limit of consecutive failures is reached, so the pod must be stopped.
    case hopeless(message: String)
  }

  /// Checks until the pod must be stopped or the monitor is canceled.
  ///
  /// - Parameters:
  ///   - check: the health check.
  ///   - report: receives each change.
  func watch(_ check: HealthCheck, report: @Sendable (Finding) async -> Void) async {
    guard let what = check.probe else { return }
    let started = ContinuousClock.now
    var verdict = HealthVerdict(check: check)
    guard await Self.pause(check.delay) else { return }
    repeat {
      guard let result = await probe(what, timeout: check.timeout) else { continue }
      if Task.isCancelled { return }
      switch verdict.record(isPassed: result.isPassed, after: .now - started) {
      case .same: break
      case .changed(let isHealthy):
        await report(.changed(isHealthy: isHealthy, message: result.message))
      case .hopeless:
        await report(.hopeless(message: result.message))
        return
      }
    } while await Self.pause(check.interval)
  }

  /// Checks until the monitor is canceled.
  ///
  /// - Parameters:
  ///   - check: the check.
  ///   - report: receives each result that differs from the previous one.
  func watch(_ check: CheckInfo, report: @Sendable (CheckStatus) async -> Void) async {
    guard let what = check.probe else { return }
    var last = what.unchecked
    guard await Self.pause(check.delay) else { return }
    repeat {
      guard let result = await probe(what, timeout: check.timeout) else { continue }
      let status = what.status(of: result)
      if Task.isCancelled { return }
      if status != last { await report(status) }
      last = status
    } while await Self.pause(check.interval)
  }

  /// Probes while the session is subscribed. Checks pause while the agent is away.
  ///
  /// - Returns: nil where the subscription was lost during the probe, or the monitor was canceled:
  ///   the result then does not count.
  private func probe(_ what: Probe, timeout: Duration) async -> HealthProbe.Result? {
    guard let number = try? await presence() else { return nil }
    let result = await probe.probe(what, timeout: timeout)
    return await current() == number && result.counts ? result : nil
  }

  /// Waits; false if the monitor was canceled.
  private static func pause(_ time: Duration) async -> Bool {
    do {
      // Without a minimum, a check without an interval would become a busy loop.
      try await Task.sleep(for: max(time, .milliseconds(100)))
      return true
    } catch {
      return false
    }
  }
}

/// Evaluates consecutive results. Failures before the first success do not count during the grace
/// period.
struct HealthVerdict {
  /// The effect of one more result.
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

  /// Evaluates a result.
  ///
  /// - Parameters:
  ///   - isPassed: whether the check passed.
  ///   - time: how long the task has run.
  /// - Returns: the change.
  mutating func record(isPassed: Bool, after time: Duration) -> Change {
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
  /// The status of a check before its first result.
  var unchecked: CheckStatus {
    switch self {
    case .http: .http(statusCode: nil)
    case .tcp: .tcp(succeeded: nil)
    case .command: .command(exitCode: nil)
    }
  }

  /// The status of a check after a result.
  ///
  /// - Parameter result: the result of the probe.
  /// - Returns: the status; without a value where there was no response.
  func status(of result: HealthProbe.Result) -> CheckStatus {
    switch self {
    case .http: .http(statusCode: result.status.map { UInt32(clamping: $0) })
    case .tcp: .tcp(succeeded: result.isConnected)
    case .command: .command(exitCode: result.exitCode.map { Int32(clamping: $0) })
    }
  }
}
