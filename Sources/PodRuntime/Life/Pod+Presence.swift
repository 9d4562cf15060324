import Concurrency
import DockerEngine
import Logging
import PodControl

extension Pod {
  /// How often a step is tried again for one cause before the pod fails for it.
  static let mostAttempts = 5

  /// Probes an engine that is away until it is back, and lists the pod's containers at long intervals otherwise: what
  /// differs from what the pod knows is a missed event. Ends when the task is cancelled.
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
      let asked = ContinuousClock.now
      do {
        try await engine.probe(within: .seconds(10))
        try await resynchronize()
      } catch is CancellationError {
        return
      } catch let error as EngineError where error.isEngineAway {
        noteEngineAway(since: asked, "\(error)")
      } catch {
        // An answer that can't be used is no absence: the events still drive everything.
        log.warning("the pod's containers can't be listed: \(error)")
      }
    }
  }

  private func awaitReturn(since: ContinuousClock.Instant) async {
    let deadline = since + request.timeouts.engine
    var pause = Duration.milliseconds(100)
    while !Task.isCancelled {
      do {
        // A probe that hangs must not hide that the time is up.
        let limit = min(.seconds(5), max(.milliseconds(200), deadline - .now))
        try await engine.probe(within: limit)
        // What happens from here on comes as an event.
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
  func noteEngineAway(since moment: ContinuousClock.Instant = .now, _ reason: String) {
    guard presence.leave(at: moment) else { return }
    log.warning("the engine is away: waiting for it (\(reason))")
    history.record(.engineAway, reason)
    changes.notifyAll()
  }

  /// Decides whether a failed step may succeed when it is done again, and waits until the engine is back.
  ///
  /// - Returns: false where the engine responds, so that the error is its answer.
  /// - Throws: `CancellationError` once the pod is about to end.
  func recovers(from error: any Error) async throws -> Bool {
    if let error = error as? EngineError { noteUnanswered(error) }
    if !(await isEngineAway(error)) { return false }
    try checkLaunch()
    noteEngineAway("\(error)")
    try await launchWait { !self.presence.isAway }
    return true
  }

  /// Whether an error comes from an engine that is gone, or about to go: one that shuts down responds with errors of
  /// its parts, such as "transport is closing".
  private func isEngineAway(_ error: any Error) async -> Bool {
    guard let error = error as? EngineError else { return !(await isEngineServing()) }
    if error.isEngineAway { return true }
    guard case .status(let status) = error.kind else { return false }
    // Engines before 17.12 write of "oci runtime", and of containerd's answers as rpc errors.
    let text = error.message.lowercased()
    let isOfRuntime = ["oci runtime", "task", "rpc error", "containerd"].contains {
      text.contains($0)
    }
    guard status >= 500 || isOfRuntime else { return false }
    if !(await isEngineServing()) { return true }
    // One that was told to shut down may refuse before it stops listening.
    guard isOfRuntime else { return false }
    try? await wait(within: .milliseconds(250)) { isEnding || presence.isAway }
    if presence.isAway { return true }
    return !(await isEngineServing())
  }

  /// Whether the engine takes new connections, and responds.
  func isEngineServing() async -> Bool {
    do {
      try await engine.probe(within: .seconds(2))
      return true
    } catch {
      return false
    }
  }

  /// Does a step, and again after the engine was away.
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
