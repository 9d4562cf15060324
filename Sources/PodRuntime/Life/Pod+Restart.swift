import Compose
import DockerEngine
import Logging

extension Pod {
  /// Starts a container again, and with it the group that lives by it.
  func restart(_ name: String, exitCode: Int, because reason: String? = nil) async {
    guard var member = members[name] else { return }
    let pause = member.backoff.next(afterRunning: .now - member.startedAt)
    member.restarts += 1
    members[name] = member
    changes.ring()
    let cause = Self.words(exitCode: exitCode) + (reason.map { " because \($0)" } ?? "")
    log.info("\(member.plan.title) \(cause): starting it again in \(pause)")
    await member.output?.drain(within: .seconds(2), givingWay: true)
    do {
      try await wait(within: pause) { isEnding }
      await waitForOwners(of: member)
      try checkLaunch()
      // Whoever joined its namespace would stay behind in the dead one.
      let group = group(of: name)
      try await stopGroup(group)
      try await start(name)
      try await each(group) { try await $0.startAgain($1) }
    } catch is CancellationError {
      return
    } catch {
      fail(error)
    }
  }

  /// Who runs and lives by a container: in its namespaces, or by `depends_on` with `restart: true`; and who lives by those.
  private func group(of name: String) -> [Member] {
    var found: Set<String> = []
    var open = [name]
    while let next = open.popLast() {
      guard let owner = members[next]?.plan else { continue }
      for other in members.values where other.phase == .running && other.name != name {
        if other.plan.lives(by: owner), found.insert(other.name).inserted {
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
      return switch owner.phase {
      case .starting, .stopping, .restarting: true
      case .running: owner.isExamined || hasOwnerAway(owner.name)
      case .planned, .created, .ended: false
      }
    }
  }

  /// Does something for each of a group, at the same time.
  ///
  /// - Throws: the first error, once all have ended.
  private func each(
    _ group: [Member], _ step: @escaping @Sendable (isolated Pod, Member) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for member in group { tasks.addTask { try await step(self, member) } }
      // Unlike `waitForAll`, this ends with the first error, and cancels the others.
      for try await _ in tasks {}
    }
  }

  /// Stops a group, dependents before what they depend on.
  private func stopGroup(_ group: [Member]) async throws {
    for member in group { update(member.name) { $0.phase = .stopping } }
    try await each(group) { pod, member in
      let dependents = group.filter { other in
        other.plan.dependencies.contains { $0.service == member.plan.service.name }
      }
      try await pod.launchWait {
        dependents.allSatisfy { pod.members[$0.name]?.phase != .stopping }
      }
      try await pod.stopForRestart(member)
    }
  }

  /// Starts one of a group again, once what it depends on is back.
  private func startAgain(_ member: Member) async throws {
    for (service, dependency) in member.plan.dependencies {
      for other in members.values where other.plan.service.name == service {
        try await launchWait { self.isBack(other.name, dependency.condition) }
      }
    }
    try await start(member.name)
    // Its own stop has cut them off.
    if members[member.name]?.isInHooks == true { try await runPostStart(member.name) }
  }

  private func isBack(_ name: String, _ condition: Dependency.Condition) -> Bool {
    guard let member = members[name] else { return true }
    switch member.phase {
    case .ended: return true
    case .running:
      guard !member.isExamined, member.hasComeUp else { return false }
      return switch condition {
      case .started: true
      case .healthy: member.health == .healthy || member.health == .none
      case .completedSuccessfully: false
      }
    case .planned, .created, .starting, .stopping, .restarting: return false
    }
  }

  /// Those in whose namespaces it lives may have ended together with it: it can't start before they have.
  func waitForOwners(of member: Member) async {
    let owners = member.plan.references.filter(\.sharesNamespace).compactMap {
      members[$0.key]?.name
    }
    try? await wait {
      self.verdict != nil
        || owners.allSatisfy {
          guard let owner = self.members[$0] else { return true }
          return switch owner.phase {
          case .starting, .stopping, .restarting: false
          case .running: !owner.isExamined
          case .planned, .created, .ended: true
          }
        }
    }
  }

  /// Stops a container that is to be started again with the owner of its namespace. One that still runs can't be: the
  /// engine leaves it as it is, in the dead namespace.
  ///
  /// - Throws: an error for people; `CancellationError`.
  private func stopForRestart(_ member: Member) async throws {
    if let id = member.container {
      do {
        try await stop(id, grace: member.plan.service.stopGracePeriod, signal: member.stopSignal)
      } catch let error as EngineError {
        throw member.plan.explain(error, doing: "stopped")
      }
    }
    await member.output?.drain(within: .seconds(2), givingWay: true)
    // The pod's end stops it again.
    try checkLaunch()
    update(member.name) { $0.phase = .restarting }
  }

  /// Stops a container, again where the engine refuses or was away, and at last by SIGKILL.
  ///
  /// - Throws: `EngineError` where it may still run; `CancellationError`.
  private func stop(_ id: String, grace: Int64?, signal: String?) async throws {
    let engine = engine
    var seconds = grace.map { Int($0 / 1_000_000_000) } ?? 10
    if let grace, grace % 1_000_000_000 != 0 {
      // The engine counts whole seconds.
      if try await hasExited(id, after: signal ?? "SIGTERM", within: .nanoseconds(grace)) { return }
      seconds = 0
    }
    var pause = Duration.milliseconds(100)
    var problem: EngineError?
    var attempt = 1
    while attempt <= Self.mostAttempts {
      do {
        if attempt < Self.mostAttempts {
          return try await engine.stopContainer(id, timeout: seconds)
        }
        try await engine.killContainer(id, signal: "SIGKILL")
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

  /// Sends a container its stop signal, and gives it so long.
  ///
  /// - Returns: whether it has exited.
  private func hasExited(
    _ id: String, after signal: String, within grace: Duration
  ) async throws -> Bool {
    let engine = engine
    guard (try? await engine.killContainer(id, signal: signal)) != nil else { return false }
    return try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask { (try? await engine.waitContainer(id)) != nil }
      group.addTask {
        try await Task.sleep(for: grace)
        return false
      }
      defer { group.cancelAll() }
      return try await group.next() == true
    }
  }
}

extension ContainerPlan {
  /// Whether it can't go on, or isn't to, when another container is started again.
  func lives(by owner: ContainerPlan) -> Bool {
    references.contains { $0.sharesNamespace && $0.key == owner.key }
      || dependencies.contains { $0.service == owner.service.name && $0.dependency.restart }
  }
}
