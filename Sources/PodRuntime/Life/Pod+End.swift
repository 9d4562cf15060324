import Concurrency
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
    let hooks = hookContainers.filter { $0.value == nil }.keys
    guard !live.isEmpty || !hooks.isEmpty else { return }
    // A frozen process doesn't even take a signal.
    if let plan {
      PodCgroups(identity: plan.identity, log: log).thaw(live.compactMap(\.container) + hooks)
    }
    let depths = depths(of: live)
    levels = max(1, (depths.values.max() ?? 0) + 1) + request.roles.finals.count
    let clock = Task { await self.ringAtDeadline() }
    await withTaskGroup(of: Void.self) { group in
      for member in live {
        group.addTask { await self.stop(member, above: depths[member.name] ?? 0) }
      }
      for hook in hooks { group.addTask { await self.stop(hook: hook) } }
    }
    clock.cancel()
  }

  /// How many levels of others each has to leave time for: those that it depends on, and those that these depend on.
  private func depths(of live: [Member]) -> [String: Int] {
    var depths: [String: Int] = [:]
    func depth(of member: Member) -> Int {
      if let known = depths[member.name] { return known }
      let below = live.filter { other in other.name != member.name && stops(other, after: member) }
      // Final services run when all of these have exited.
      let depth = below.map { depth(of: $0) + 1 }.max() ?? request.roles.finals.count
      depths[member.name] = depth
      return depth
    }
    for member in live { _ = depth(of: member) }
    return depths
  }

  /// When those have to be gone that have so many levels below them: each level gets its stop signal, and 2 s after that,
  /// or an even share where there is less.
  func deadline(above count: Int) -> ContinuousClock.Instant {
    let end = stopDeadline ?? .now
    let share = min(.seconds(2), stopGrace / (levels + 1))
    return end - share * count
  }

  /// How long the whole pod may take to stop.
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
    changes.notifyAll()
  }

  private func stop(_ member: Member, above count: Int) async {
    // What is just being started can't be told to stop before it is.
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
      if let code { self.noteEnded(member.name, code) }
    }
    // The signal of a stop that is under way is sent as soon as the engine has the request.
    if members[member.name]?.state == .stopping(.asked) {
      try? await wait(within: .seconds(1)) {
        members[member.name]?.state != .stopping(.asked)
      }
    }
    let isTold = members[member.name]?.state == .stopping(.told)
    let signal = Task {
      if isTold { return }
      do {
        try await engine.killContainer(id, signal: member.stopSignal ?? "SIGTERM")
      } catch let error as EngineError where error.isNotFound {
        // Someone else has removed it.
        self.noteEnded(member.name, Self.unknownExitCode)
      } catch {
        // 409: it has ended meanwhile, as the wait will say. An engine that is away can't be asked: the
        // removal goes on trying.
        self.log.debug("stop \(member.name): \(error)")
      }
    }
    await waitForEnd(of: member, above: count)
    // An engine that hangs must not hold up the end beyond the grace.
    signal.cancel()
    watch.cancel()
    await signal.value
  }

  /// Notes the end of a container that was told to stop, unless another way has told of it.
  func noteEnded(_ name: String, _ code: Int) {
    guard members[name]?.liveContainer != nil else { return }
    advance(name, .ended(exitCode: code))
  }

  /// Stops a container that runs before a service.
  private func stop(hook id: String) async {
    let engine = engine
    let signal = hookSignals[id] ?? "SIGTERM"
    let work = Task {
      do {
        try await engine.killContainer(id, signal: signal)
        _ = try await engine.waitContainer(id)
      } catch {
        // It has ended, or the removal kills it.
        self.log.debug("stop container \(id.prefix(12)): \(error)")
      }
      self.hookContainers[id] = nil
      self.changes.notifyAll()
    }
    await wait(until: { $0.deadline(above: 0) }) { hookContainers[id] == nil }
    work.cancel()
  }

  /// Waits until a container that was told to stop has exited, or the pod's time is over. Past the service's own
  /// `stop_grace_period` it is killed, so that what it depends on has the rest of the time: unless a kill or an option
  /// says how long all of the pod may take.
  private func waitForEnd(of member: Member, above count: Int) async {
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
      // It has ended meanwhile, or the removal kills it.
      log.debug("kill \(member.name): \(error)")
    }
    try? await wait { isOver() }
  }

  /// Waits until a condition holds, or a moment has come that a further kill may bring forward.
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
