import Concurrency
import Compose
import DockerEngine
import Logging
import OrderedCollections

extension Pod {
  /// Stops running containers before `stopDeadline`, dependents before their dependencies.
  func stopMembers() async {
    guard !isPastDeadline else { return }
    // The infrastructure container has no work to complete: the removal stops it after all others.
    let live = members.values.filter { $0.liveContainer != nil && !$0.plan.isInfra }
    let hooks = hookContainers.filter { $0.value == nil }.keys
    guard !live.isEmpty || !hooks.isEmpty else { return }
    // A frozen process doesn't handle signals.
    if let plan {
      PodCgroups(identity: plan.identity, log: log).thaw(live.compactMap(\.container) + hooks)
    }
    let depths = depths(of: live)
    levels = max(1, (depths.values.max() ?? 0) + 1) + request.roles.finals.count
    let clock = Task { await self.notifyAtDeadline() }
    await withTaskGroup(of: Void.self) { group in
      for member in live {
        group.addTask { await self.stop(member, above: depths[member.name] ?? 0) }
      }
      for hook in hooks { group.addTask { await self.stop(hook: hook) } }
    }
    clock.cancel()
  }

  /// The number of levels for which each container must leave time: its dependencies, their
  /// dependencies and so on.
  private func depths(of live: [PodContainer]) -> [String: Int] {
    var depths: [String: Int] = [:]
    func depth(of member: PodContainer) -> Int {
      if let known = depths[member.name] { return known }
      let below = live.filter { other in other.name != member.name && stops(other, after: member) }
      // Final services run after all of these have exited.
      let depth = below.map { depth(of: $0) + 1 }.max() ?? request.roles.finals.count
      depths[member.name] = depth
      return depth
    }
    for member in live { _ = depth(of: member) }
    return depths
  }

  /// The deadline for containers with `count` levels below them. Each level gets 2 s after its stop
  /// signal, or an equal share if there is less time.
  func deadline(above count: Int) -> ContinuousClock.Instant {
    let end = stopDeadline ?? .now
    let share = min(.seconds(2), stopGrace / (levels + 1))
    return end - share * count
  }

  /// Time limit for stopping the whole pod.
  var stopGrace: Duration { killGrace ?? request.grace ?? longestGrace }

  private var longestGrace: Duration {
    let periods = request.project.services.values.map { service in
      service.stopGracePeriod ?? .seconds(10)
    }
    return periods.max() ?? .seconds(10)
  }

  var isPastDeadline: Bool {
    guard let stopDeadline else { return true }
    return .now >= stopDeadline
  }

  /// Notifies the waiting stops at the deadline, which a second kill may bring forward.
  private func notifyAtDeadline() async {
    while let deadline = stopDeadline, !isPastDeadline, !Task.isCancelled {
      let early = Task { try? await Task.sleep(until: deadline, clock: .continuous) }
      let watch = Task {
        try? await self.wait { self.stopDeadline != deadline }
        early.cancel()
      }
      await early.value
      watch.cancel()
    }
    changes.notifyAll()
  }

  private func stop(_ member: PodContainer, above count: Int) async {
    // A container that is being started can't be stopped before its start is complete.
    await wait(until: { $0.deadline(above: count) }) { members[member.name]?.isStarting != true }
    let dependents = Set(
      members.values.filter { $0.name != member.name && stops(member, after: $0) }.map(\.name))
    try? await wait {
      self.isPastDeadline
        || dependents.allSatisfy { self.members[$0]?.liveContainer == nil }
    }
    await runPreStop(member.name, until: { $0.deadline(above: count + 1) })
    guard !isPastDeadline, let id = members[member.name]?.liveContainer else { return }
    let engine = engine
    let watch = Task {
      let code = try? await engine.waitContainer(id)
      if let code { self.recordExit(member.name, code) }
    }
    // If the engine has a stop request already, it sends the signal at once.
    if members[member.name]?.state == .stopping(.sent) {
      try? await wait(within: .seconds(1)) {
        members[member.name]?.state != .stopping(.sent)
      }
    }
    let isSignaled = members[member.name]?.state == .stopping(.signaled)
    let signal = Task {
      if isSignaled { return }
      do {
        try await engine.killContainer(id, signal: member.stopSignal ?? "SIGTERM")
      } catch let error as EngineError where error.isNotFound {
        // Another client has removed it.
        self.recordExit(member.name, Self.unknownExitCode)
      } catch {
        // 409: it has exited meanwhile, as the wait reports. If the engine is away, the removal
        // repeats its attempts.
        self.log.debug("stop \(member.name): \(error)")
      }
    }
    await waitForEnd(of: member, above: count)
    // An engine that hangs must not delay the end beyond the grace period.
    signal.cancel()
    watch.cancel()
    await signal.value
  }

  /// Records the exit of a container that was stopped, unless it is recorded already.
  func recordExit(_ name: String, _ code: Int) {
    guard members[name]?.liveContainer != nil else { return }
    advance(name, .ended(exitCode: code))
  }

  /// Stops the container of a `pre_start` hook.
  private func stop(hook id: String) async {
    let engine = engine
    let signal = hookSignals[id] ?? "SIGTERM"
    let work = Task {
      do {
        try await engine.killContainer(id, signal: signal)
        _ = try await engine.waitContainer(id)
      } catch {
        // It has exited, or the removal kills it.
        self.log.debug("stop container \(id.prefix(12)): \(error)")
      }
      self.hookContainers[id] = nil
      self.changes.notifyAll()
    }
    await wait(until: { $0.deadline(above: 0) }) { hookContainers[id] == nil }
    work.cancel()
  }

  /// Waits until a stopped container has exited, or the pod's time is over. After the service's own
  /// `stop_grace_period` it is killed, so that its dependencies have the remaining time. This
  /// doesn't apply if a kill or an option limits the time of the whole pod.
  private func waitForEnd(of member: PodContainer, above count: Int) async {
    func isOver() -> Bool { isPastDeadline || members[member.name]?.liveContainer == nil }
    let isOwn = killGrace == nil && request.grace == nil
    let own: ContinuousClock.Instant? =
      isOwn ? member.plan.service.stopGracePeriod.map { .now + $0 } : nil
    await wait(until: { min(own ?? $0.deadline(above: count), $0.deadline(above: count)) }) {
      isOver()
    }
    guard !isOver(), let id = members[member.name]?.liveContainer else { return }
    do {
      try await engine.killContainer(id, signal: "SIGKILL")
    } catch {
      // It has exited meanwhile, or the removal kills it.
      log.debug("kill \(member.name): \(error)")
    }
    try? await wait { isOver() }
  }

  /// Waits until a condition holds, or until a deadline that a second kill may bring forward.
  func wait(
    until moment: @escaping @Sendable (isolated Pod) -> ContinuousClock.Instant,
    or condition: () -> Bool
  ) async {
    let clock = Task {
      while !Task.isCancelled {
        let rest = moment(self) - .now
        if rest <= .zero { break }
        try? await Task.sleep(for: min(rest, .milliseconds(250)))
      }
      self.changes.notifyAll()
    }
    try? await wait { condition() || .now >= moment(self) }
    clock.cancel()
  }
}
