import Concurrency
import Compose
import DockerEngine
import Logging
import PodControl

extension Pod {
  /// Starts a container again, and with it the group that lives by it.
  func restart(_ name: String, exitCode: Int, because reason: String? = nil) async {
    guard var member = members[name] else { return }
    let pause = member.nextPause()
    members[name] = member
    changes.notifyAll()
    let cause = Self.words(exitCode: exitCode) + (reason.map { " because \($0)" } ?? "")
    log.info("\(member.plan.title) \(cause): starting it again in \(pause)")
    history.record(
      .serviceRestarting, service: member.plan.label, "\(cause): starting it again in \(pause)"
    )
    await member.output?.drain(within: .seconds(2), givingWay: true)
    var restart = GroupRestart(of: name)
    var others: [Member] = []
    do {
      try await wait(within: pause) { isEnding || members[name]?.isAskedToReturn == true }
      await waitForOwners(of: member)
      try checkLaunch()
      // Whoever joined its namespace would stay behind in the dead one.
      let group = try await group(of: [name])
      others = group
      note(&restart, .stoppingOthers, group)
      try await stopGroup(group)
      note(&restart, .startingOwner)
      try await start(name)
      note(&restart, .startingOthers)
      try await each(group) { try await $0.startAgainByRole($1) }
      note(&restart, .done)
    } catch is CancellationError {
      return
    } catch {
      // Who lives by it can't go on without it.
      guard role(of: name) == .optional, others.isEmpty else { return fail(error) }
      dropOptional(name, error)
    }
  }

  func note(
    _ restart: inout GroupRestart, _ state: GroupRestart.State, _ others: [Member] = []
  ) {
    guard restart.advance(to: state) else {
      log.error("internal error: the restart of '\(restart.owner)' can't be \(state) yet")
      return assertionFailure("\(restart) to \(state)")
    }
    for other in others {
      history.record(
        .serviceRestarting, service: other.plan.label,
        "started again together with '\(restart.owner)'")
    }
    let names = others.map { "'\($0.name)'" }.joined(separator: ", ")
    log.debug("restart of '\(restart.owner)': \(state)\(names.isEmpty ? "" : ": " + names)")
  }

  /// Who runs and lives by a container: in its namespaces, or by `depends_on` with `restart: true`; and who lives by those.
  /// What becomes of one that is just being started is waited for, since it may still come up in the dead namespace; and of
  /// one that has exited by itself, since its own policy decides on that.
  func group(of names: [String]) async throws(CancellationError) -> [Member] {
    while true {
      let group = livingBy(names)
      if group.allSatisfy(\.isSettled) { return group }
      try await launchWait { self.livingBy(names).allSatisfy(\.isSettled) }
    }
  }

  private func livingBy(_ names: [String]) -> [Member] {
    var found: Set<String> = []
    var open = names
    while let next = open.popLast() {
      guard let owner = members[next]?.plan else { continue }
      for other in members.values where other.isAlive || other.isStarting {
        if !names.contains(other.name), other.plan.lives(by: owner),
          found.insert(other.name).inserted
        {
          open.append(other.name)
        }
      }
    }
    return members.values.filter { found.contains($0.name) }.sorted { $0.index < $1.index }
  }

  /// Whether a container shares a namespace with one that is just being started again, or with one that does.
  func hasOwnerAway(_ name: String) -> Bool {
    guard let member = members[name] else { return false }
    return member.plan.references.contains { reference in
      guard reference.sharesNamespace, let owner = members[reference.key] else { return false }
      return owner.isAway || owner.state == .running && hasOwnerAway(owner.name)
    }
  }

  /// Does something for each of a group, at the same time.
  ///
  /// - Throws: the first error, once all have ended.
  func each(
    _ group: [Member], _ step: @escaping @Sendable (isolated Pod, Member) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for member in group { tasks.addTask { try await step(self, member) } }
      // Unlike `waitForAll`, this ends with the first error, and cancels the others.
      for try await _ in tasks {}
    }
  }

  /// Stops a group, dependents before what they depend on.
  func stopGroup(_ group: [Member]) async throws {
    for member in group {
      advance(member.name, .stopRequested)
      update(member.name) { $0.stoppedRun = $0.run.number }
    }
    try await each(group) { pod, member in
      let dependents = group.filter { other in
        other.plan.dependencies.contains { $0.service == member.plan.service.name }
      }
      try await pod.launchWait {
        dependents.allSatisfy { pod.members[$0.name]?.isStopping != true }
      }
      try await pod.stopForRestart(member)
    }
  }

  /// Starts one of a group again, once what it depends on is back.
  func startAgain(_ member: Member) async throws {
    for (service, dependency) in member.plan.dependencies {
      for other in members.values where other.plan.service.name == service {
        try await launchWait { self.isBack(other.name, dependency.condition) }
      }
    }
    try await start(member.name)
    // Its own stop has cut them off.
    if members[member.name]?.commands == .afterStart { try await runPostStart(member.name) }
  }

  /// The same of one that may be optional, and may fail to then.
  func startAgainByRole(_ member: Member) async throws {
    do {
      try await startAgain(member)
    } catch let error as CancellationError {
      throw error
    } catch {
      guard role(of: member.name) == .optional else { throw error }
      dropOptional(member.name, error)
    }
  }

  func isBack(_ name: String, _ condition: Dependency.Condition) -> Bool {
    guard let member = members[name] else { return true }
    if member.hasEnded { return true }
    guard member.state == .running, member.hasComeUp else { return false }
    return switch condition {
    case .started: true
    case .healthy: member.isUp || isGivenUp(member)
    case .completedSuccessfully: false
    }
  }

  /// Whether a service is unhealthy and nothing follows from that: it is optional. Whoever waits for its health waits in vain.
  func isGivenUp(_ member: Member) -> Bool {
    role(of: member.name) == .optional && member.state == .running && member.health == .unhealthy
      && (!member.mayRestart
        || reaction(of: member.name, \.onUnhealthy, or: request.options.onUnhealthy) == .fail)
  }

  /// Those in whose namespaces it lives may have ended together with it: it can't start before they have.
  func waitForOwners(of member: Member) async {
    try? await wait { self.verdict != nil || !self.hasOwnerAway(member.name) }
  }

  /// Stops a container that is to be started again with the owner of its namespace. One that still runs can't be: the
  /// engine leaves it as it is, in the dead namespace.
  ///
  /// - Throws: an error for people; `CancellationError`.
  private func stopForRestart(_ member: Member) async throws {
    try checkLaunch()
    advance(member.name, .stopAsked)
    if let id = members[member.name]?.container {
      do {
        try await stop(id, grace: member.plan.service.stopGracePeriod, signal: member.stopSignal)
      } catch let error as EngineError {
        throw member.plan.explain(error, doing: "stopped")
      }
    }
    await member.output?.drain(within: .seconds(2), givingWay: true)
    // The pod's end stops it again.
    try checkLaunch()
    advance(member.name, .restartDecided)
  }

  /// Stops a container, again where the engine refuses or was away, and at last by SIGKILL.
  ///
  /// - Throws: `EngineError` where it may still run; `CancellationError`.
  func stop(_ id: String, grace: Duration?, signal: String?) async throws {
    let engine = engine
    // The engine counts whole seconds.
    let seconds = grace.map { Int($0.secondsRoundedUp) } ?? 10
    var isOver = false
    if let grace, grace.components.attoseconds != 0 {
      do {
        try await engine.killContainer(id, signal: signal ?? "SIGTERM")
        if try await hasExited(id, within: grace) { return }
        isOver = true
      } catch let error as EngineError {
        if error.isNotFound { return }
        log.debug("stop container \(id.prefix(12)): \(error)")
      }
    }
    var pause = Duration.milliseconds(100)
    var problem: EngineError?
    var attempt = 1
    while attempt <= Self.mostAttempts {
      do {
        if attempt < Self.mostAttempts, !isOver {
          return try await engine.stopContainer(id, timeout: seconds)
        }
        try await engine.killContainer(id, signal: "SIGKILL")
        _ = try await engine.waitContainer(id)
        return
      } catch let error as EngineError {
        if error.isNotFound { return }
        log.debug("stop container \(id.prefix(12)): \(error)")
        problem = error
        if try await recovers(from: error) { continue }
      }
      try await Task.sleep(for: pause)
      // It may have exited meanwhile, which is one reason for a refusal.
      if let state = try? await engine.inspectContainer(id).state, !state.running { return }
      attempt += 1
      pause = pause * 2
    }
    if let problem { throw problem }
  }

  /// Gives a container that was sent its stop signal so long.
  ///
  /// - Returns: whether it has exited.
  private func hasExited(_ id: String, within grace: Duration) async throws -> Bool {
    let engine = engine
    let watch = Task { _ = try? await engine.waitContainer(id) }
    defer { watch.cancel() }
    let end = ContinuousClock.now + grace
    _ = await watch.hasEnded(within: grace, orCancelled: true)
    try Task.checkCancellation()
    // What is waited for may have broken off.
    if let state = try? await engine.inspectContainer(id).state, !state.running { return true }
    try await Task.sleep(until: end, clock: .continuous)
    return try await !engine.inspectContainer(id).state.running
  }
}

extension Member {
  /// Counts a restart.
  ///
  /// - Returns: how long to wait before it.
  mutating func nextPause() -> Duration {
    let pause = backoff.next(afterRunning: .now - run.startedAt)
    attempts = countedAttempts + 1
    restarts += 1
    return plan.service.restartBounds.delay ?? pause
  }

  /// Whether a group's restart may take it along: its start or its own exit isn't just being dealt with.
  fileprivate var isSettled: Bool { !isStarting && (!isExiting || run.followsOwner) }
}

extension ContainerPlan {
  /// Whether it can't go on, or isn't to, when another container is started again.
  func lives(by owner: ContainerPlan) -> Bool {
    references.contains { $0.sharesNamespace && $0.key == owner.key }
      || dependencies.contains { $0.service == owner.service.name && $0.dependency.restart }
  }
}

/// The restart of a container together with those that live by it: one operation on the whole group.
struct GroupRestart {
  enum State: Int, CaseIterable {
    /// The owner has exited; its pause before the next start runs.
    case pausing
    /// Those that live by it are stopped, dependents before what they depend on.
    case stoppingOthers
    /// The owner is started.
    case startingOwner
    /// Those that live by it are started, each once what it depends on is back.
    case startingOthers
    /// All of them run again. An owner that exits again meanwhile has a restart of its own.
    case done
  }

  let owner: String
  private(set) var state = State.pausing

  init(of owner: String) { self.owner = owner }

  /// Enters the next state.
  ///
  /// - Returns: false, and changes nothing, where that isn't the next one: none is left out, and there is no way back.
  mutating func advance(to next: State) -> Bool {
    guard next.rawValue == state.rawValue + 1 else { return false }
    state = next
    return true
  }
}
