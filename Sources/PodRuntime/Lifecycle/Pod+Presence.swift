import Concurrency
import DockerEngine
import Logging
import PodControl

extension Pod {
  /// How often a step is attempted for one cause before the pod fails.
  static let mostAttempts = 5

  /// While the engine is away, probes it until it returns; otherwise lists the pod's containers at
  /// long intervals, and handles each difference as a missed event. Returns when the task is
  /// canceled.
  func watchEngine() async {
    while !Task.isCancelled {
      if let since = presence.awaySince {
        await awaitReturn(since: since)
        continue
      }
      let factor = Double.random(in: 0.8...1.2)
      let interval = request.timeouts.relist * factor
      try? await wait(within: interval) { presence.isAway }
      if Task.isCancelled { return }
      if presence.isAway || !isListening { continue }
      let requested = ContinuousClock.now
      do {
        try await engine.probe(within: .seconds(10))
        try await resynchronize()
      } catch is CancellationError {
        return
      } catch let error as EngineError where error.isEngineAway {
        recordEngineAway(since: requested, "\(error)")
      } catch {
        // An unusable response doesn't mean that the engine is away. Events still arrive.
        log.warning("the pod's containers can't be listed: \(error)")
      }
    }
  }

  private func awaitReturn(since: ContinuousClock.Instant) async {
    let deadline = since + request.timeouts.engine
    var pause = Duration.milliseconds(100)
    while !Task.isCancelled {
      do {
        // A probe that hangs must not delay the deadline.
        let limit = min(.seconds(5), max(.milliseconds(200), deadline - .now))
        try await engine.probe(within: limit)
        // Once the event stream is open, later changes arrive as events.
        try await wait(within: limit) { isListening }
        if isListening {
          do {
            try await resynchronize()
          } catch let error as EngineError where !error.isEngineAway {
            log.warning("the pod's containers can't be listed: \(error)")
          }
          presence.comeBack(at: .now)
          changes.notifyAll()
          log.info("the engine is back")
          history.record(.engineBack)
          return
        }
      } catch is CancellationError {
        return
      } catch {
        log.debug("the engine is away: \(error)")
      }
      if .now >= deadline, !isEnding {
        fail("the engine has been away for \(request.timeouts.engine.components.seconds) s")
      }
      try? await Task.sleep(for: pause)
      pause = min(pause * 2, .seconds(1))
    }
  }

  /// Records that the engine doesn't respond.
  func recordEngineAway(since moment: ContinuousClock.Instant = .now, _ reason: String) {
    guard presence.leave(at: moment) else { return }
    log.warning("the engine is away: waiting for it (\(reason))")
    history.record(.engineAway, reason)
    changes.notifyAll()
  }

  /// Decides whether a failed step may succeed when repeated, and waits until the engine is back.
  ///
  /// - Returns: false if the engine responds, so that the error is its response to the step.
  /// - Throws: `CancellationError` once the pod is ending.
  func recovers(from error: any Error) async throws -> Bool {
    if let error = error as? EngineError { recordUnanswered(error) }
    if !(await isEngineAway(error)) { return false }
    try checkLaunch()
    recordEngineAway("\(error)")
    try await launchWait { !self.presence.isAway }
    return true
  }

  /// Whether an error comes from an engine that is away or shutting down. An engine that shuts down
  /// returns errors of its parts, such as "transport is closing".
  private func isEngineAway(_ error: any Error) async -> Bool {
    guard let error = error as? EngineError else { return !(await isEngineServing()) }
    if error.isEngineAway { return true }
    guard case .status(let status) = error.kind else { return false }
    // Engines before 17.12 write "oci runtime", and return containerd's errors as rpc errors.
    let text = error.message.lowercased()
    let isOfRuntime = ["oci runtime", "task", "rpc error", "containerd"].contains {
      text.contains($0)
    }
    guard status >= 500 || isOfRuntime else { return false }
    if !(await isEngineServing()) { return true }
    // An engine that shuts down may refuse requests before it stops listening.
    guard isOfRuntime else { return false }
    try? await wait(within: .milliseconds(250)) { isEnding || presence.isAway }
    if presence.isAway { return true }
    return !(await isEngineServing())
  }

  /// Whether the engine accepts new connections and responds.
  func isEngineServing() async -> Bool {
    do {
      try await engine.probe(within: .seconds(2))
      return true
    } catch {
      return false
    }
  }

  /// Performs a step, and repeats it after the engine was away.
  func persistently<Value: Sendable>(
    _ step: @Sendable (isolated Pod) async throws -> Value
  ) async throws -> Value {
    var attempt = 1
    while true {
      let outages = presence.outages
      do {
        return try await step(self)
      } catch let error as EngineError {
        guard attempt < Self.mostAttempts || presence.outages > outages,
          try await recovers(from: error)
        else { throw error }
        attempt += 1
      }
    }
  }
}
