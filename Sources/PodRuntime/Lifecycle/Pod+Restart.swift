import Concurrency
import Compose
import DockerEngine
import Logging
import PodControl

extension Pod {
  /// Restarts a container together with its group.
  func restart(_ name: String, exitCode: Int, because reason: String? = nil) async {
    guard var member = members[name] else { return }
    let pause = member.nextPause()
    members[name] = member
    changes.notifyAll()
    let cause = Self.text(exitCode: exitCode) + (reason.map { " because \($0)" } ?? "")
    log.info("\(member.plan.title) \(cause): starting it again in \(pause)")
    history.record(
      .serviceRestarting, service: member.plan.label, "\(cause): starting it again in \(pause)"
    )
    await member.output?.drain(within: .seconds(2), givingWay: true)
    var restart = GroupRestart(of: name)
    var others: [PodContainer] = []
    do {
      try await wait(within: pause) { isEnding || members[name]?.isAskedToReturn == true }
      await waitForOwners(of: member)
      try checkLaunch()
      // Containers that joined its namespaces would stay in the dead ones.
      let group = try await group(of: [name])
      others = group
      record(&restart, .stoppingOthers, group)
      try await stopGroup(group)
      record(&restart, .startingOwner)
      try await start(name)
      record(&restart, .startingOthers)
      try await each(group) { try await $0.startAgainByRole($1) }
      record(&restart, .done)
    } catch is CancellationError {
      return
    } catch {
      // The containers of its group can't continue without it.
      guard role(of: name) == .optional, others.isEmpty else { return fail(error) }
      dropOptional(name, error)
    }
  }

  func record(
    _ restart: inout GroupRestart, _ state: GroupRestart.State, _ others: [PodContainer] = []
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

  /// The group of containers: the running ones that join their namespaces, or have `depends_on`
  /// with `restart: true`, directly or indirectly. Waits for those that are being started, because
  /// they may join the dead namespace, and for the decision about those that exited by themselves,
  /// because their own policies apply.
  func group(of names: [String]) async throws(CancellationError) -> [PodContainer] {
    while true {
      let group = livingBy(names)
      if group.allSatisfy(\.isSteady) { return group }
      try await launchWait { self.livingBy(names).allSatisfy(\.isSteady) }
    }
  }

  private func livingBy(_ names: [String]) -> [PodContainer] {
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

  /// Whether a container joins, directly or indirectly, a namespace whose owner isn't running at
  /// the moment.
  func hasOwnerAway(_ name: String) -> Bool {
    guard let member = members[name] else { return false }
    return member.plan.references.contains { reference in
      guard reference.sharesNamespace, let owner = members[reference.key] else { return false }
      return owner.isAway || owner.state == .running && hasOwnerAway(owner.name)
    }
  }

  /// Performs a step for all members of a group concurrently.
  ///
  /// - Throws: the first error, after all steps have returned.
  func each(
    _ group: [PodContainer],
    _ step: @escaping @Sendable (isolated Pod, PodContainer) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for member in group { tasks.addTask { try await step(self, member) } }
      // Unlike `waitForAll`, this cancels the others after the first error.
      for try await _ in tasks {}
    }
  }

  /// Stops a group, dependents before their dependencies.
  func stopGroup(_ group: [PodContainer]) async throws {
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

  /// Starts a container of a group again, after its dependencies are back.
  func startAgain(_ member: PodContainer) async throws {
    for (service, dependency) in member.plan.dependencies {
      for other in members.values where other.plan.service.name == service {
        try await launchWait { self.isBack(other.name, dependency.condition) }
      }
    }
    try await start(member.name)
    // Its stop has interrupted them.
    if members[member.name]?.commands == .afterStart { try await runPostStart(member.name) }
  }

  /// Starts a container of a group again. If its service is optional, a failure doesn't fail the
  /// pod.
  func startAgainByRole(_ member: PodContainer) async throws {
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

  /// Whether an optional service is unhealthy and will not be restarted, so that waits for its
  /// health must be given up.
  func isGivenUp(_ member: PodContainer) -> Bool {
    role(of: member.name) == .optional && member.state == .running && member.health == .unhealthy
      && (!member.mayRestart
        || reaction(of: member.name, \.onUnhealthy, or: request.options.onUnhealthy) == .fail)
  }

  /// Waits until the owners of its namespaces are running or have exited for good. They may have
  /// exited together with this container, which can't start before they do.
  func waitForOwners(of member: PodContainer) async {
    try? await wait { self.outcome != nil || !self.hasOwnerAway(member.name) }
  }

  /// Stops a container that will be restarted with the owner of its namespace. It must stop first,
  /// because the engine ignores a start request for a running container, which would stay in the
  /// dead namespace.
  ///
  /// - Throws: an error for people; `CancellationError`.
  private func stopForRestart(_ member: PodContainer) async throws {
    try checkLaunch()
    advance(member.name, .stopSent)
    if let id = members[member.name]?.container {
      do {
        try await stop(id, grace: member.plan.service.stopGracePeriod, signal: member.stopSignal)
      } catch let error as EngineError {
        throw member.plan.explain(error, doing: "stopped")
      }
    }
    await member.output?.drain(within: .seconds(2), givingWay: true)
    // The end of the pod stops it again.
    try checkLaunch()
    advance(member.name, .restartDecided)
  }

  /// Stops a container; repeats this if the engine refuses or was away, and finally sends SIGKILL.
  ///
  /// - Throws: `EngineError` if it may still be running; `CancellationError`.
  func stop(_ id: String, grace: Duration?, signal: String?) async throws {
    let engine = engine
    // The engine only supports whole seconds.
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
      // It may have exited meanwhile, which is a possible reason for the refusal.
      if let state = try? await engine.inspectContainer(id).state, !state.running { return }
      attempt += 1
      pause = pause * 2
    }
    if let problem { throw problem }
  }

  /// Waits for the exit of a container that was sent its stop signal, for at most its grace period.
  ///
  /// - Returns: whether it has exited.
  private func hasExited(_ id: String, within grace: Duration) async throws -> Bool {
    let engine = engine
    let watch = Task { _ = try? await engine.waitContainer(id) }
    defer { watch.cancel() }
    let end = ContinuousClock.now + grace
    _ = await watch.hasEnded(within: grace, orCancelled: true)
    try Task.checkCancellation()
    // The wait request may have been interrupted.
    if let state = try? await engine.inspectContainer(id).state, !state.running { return true }
    try await Task.sleep(until: end, clock: .continuous)
    return try await !engine.inspectContainer(id).state.running
  }
}

extension PodContainer {
  /// Counts a restart.
  ///
  /// - Returns: the pause before it.
  mutating func nextPause() -> Duration {
    let pause = backoff.next(afterRunning: .now - run.startedAt)
    attempts = countedAttempts + 1
    restarts += 1
    return plan.service.restartBounds.delay ?? pause
  }

  /// Whether a group restart may include it: it isn't being started, and its own exit isn't being
  /// inspected.
  fileprivate var isSteady: Bool { !isStarting && (!isExiting || run.followsOwner) }
}

extension ContainerPlan {
  /// Whether it restarts together with another container: it joins a namespace of that one, or has
  /// `depends_on` with `restart: true`.
  func lives(by owner: ContainerPlan) -> Bool {
    references.contains { $0.sharesNamespace && $0.key == owner.key }
      || dependencies.contains { $0.service == owner.service.name && $0.dependency.restart }
  }
}

/// The restart of a container together with its group, as one operation.
struct GroupRestart {
  enum State: Int, CaseIterable {
    /// The owner has exited, and its pause is running.
    case pausing
    /// The group is stopped, dependents before their dependencies.
    case stoppingOthers
    /// The owner is started.
    case startingOwner
    /// The group is started, each container after its dependencies.
    case startingOthers
    /// All of them are running. If the owner exits again meanwhile, that begins another restart.
    case done
  }

  let owner: String
  private(set) var state = State.pausing

  init(of owner: String) { self.owner = owner }

  /// Enters the next state.
  ///
  /// - Returns: false, without a change, if `next` doesn't directly follow the current state.
  mutating func advance(to next: State) -> Bool {
    guard next.rawValue == state.rawValue + 1 else { return false }
    state = next
    return true
  }
}
