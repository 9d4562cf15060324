import Compose
import DockerEngine
import Logging
import OrderedCollections

extension Pod {
  /// Stops what runs, dependents before what they depend on, all before `stopDeadline`.
  func stopMembers() async {
    guard !isPastDeadline else { return }
    // The infrastructure container has nothing to bring to an end: it goes with the removal, after all others.
    let live = members.values.filter { $0.liveContainer != nil && !$0.plan.isInfra }
    guard !live.isEmpty else { return }
    // A frozen process doesn't even take a signal.
    if let plan {
      PodCgroups(identity: plan.identity, log: log).thaw(live.compactMap(\.container))
    }
    let clock = Task { await self.ringAtDeadline() }
    await withTaskGroup(of: Void.self) { group in
      for member in live {
        group.addTask { await self.stop(member) }
      }
    }
    clock.cancel()
  }

  /// How long the whole pod may take to stop.
  var stopGrace: Duration { killGrace ?? request.grace ?? longestGrace }

  private var longestGrace: Duration {
    let periods = request.project.services.values.map { service in
      service.stopGracePeriod.map { Duration.nanoseconds($0) } ?? .seconds(10)
    }
    return periods.max() ?? .seconds(10)
  }

  var isPastDeadline: Bool {
    guard let stopDeadline else { return true }
    return .now >= stopDeadline
  }

  /// Wakes the stops when the deadline has come; a further kill may have brought it forward meanwhile.
  private func ringAtDeadline() async {
    while let deadline = stopDeadline, !isPastDeadline, !Task.isCancelled {
      let early = Task { try? await Task.sleep(until: deadline, clock: .continuous) }
      let watch = Task {
        try? await self.wait { self.stopDeadline != deadline }
        early.cancel()
      }
      await early.value
      watch.cancel()
    }
    changes.ring()
  }

  private func stop(_ member: Member) async {
    let dependents = Set(
      members.values.filter { other in
        other.plan.dependencies.contains { $0.service == member.plan.service.name }
      }.map(\.name))
    try? await wait {
      self.isPastDeadline
        || dependents.allSatisfy { self.members[$0]?.liveContainer == nil }
    }
    await runPreStop(member.name) {
      $0.isPastDeadline || $0.members[member.name]?.liveContainer == nil
    }
    guard !isPastDeadline, let id = members[member.name]?.liveContainer else { return }
    let engine = engine
    let watch = Task {
      let code = try? await engine.waitContainer(id)
      if let code { self.update(member.name) { $0.phase = .ended(exitCode: code) } }
    }
    let signal = Task {
      do {
        try await engine.killContainer(id, signal: member.stopSignal ?? "SIGTERM")
      } catch let error as EngineError where error.isNotFound {
        // Someone else has removed it.
        self.update(member.name) { $0.phase = .ended(exitCode: 137) }
      } catch {
        // 409: it has ended meanwhile, as the wait will say. An engine that is away can't be asked: the
        // removal goes on trying.
        self.log.debug("stop \(member.name): \(error)")
      }
    }
    await waitForEnd(of: member)
    // An engine that hangs must not hold up the end beyond the grace.
    signal.cancel()
    watch.cancel()
    await signal.value
  }

  /// Waits until a container that was told to stop has exited, or the pod's time is over. Past the service's own
  /// `stop_grace_period` it is killed, so that what it depends on has the rest of the time: unless a kill or an option
  /// says how long all of the pod may take.
  private func waitForEnd(of member: Member) async {
    func isOver() -> Bool { isPastDeadline || members[member.name]?.liveContainer == nil }
    guard killGrace == nil, request.grace == nil, let own = member.plan.service.stopGracePeriod
    else {
      try? await wait { isOver() }
      return
    }
    let end = ContinuousClock.now + .nanoseconds(own)
    let clock = Task {
      try? await Task.sleep(until: end, clock: .continuous)
      self.changes.ring()
    }
    try? await wait { isOver() || .now >= end }
    clock.cancel()
    guard !isOver(), let id = members[member.name]?.liveContainer else { return }
    do {
      try await engine.killContainer(id, signal: "SIGKILL")
    } catch {
      // It has ended meanwhile, or the removal kills it.
      log.debug("kill \(member.name): \(error)")
    }
    try? await wait { isOver() }
  }
}
