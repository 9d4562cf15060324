import Compose
import DockerEngine
import Logging

extension Pod {
  /// Starts a container again, and with it those that live in its namespaces.
  func restart(_ name: String, exitCode: Int, because reason: String? = nil) async {
    guard var member = members[name] else { return }
    let wait = member.backoff.next(afterRunning: .now - member.startedAt)
    member.restarts += 1
    members[name] = member
    changes.ring()
    let cause = Self.words(exitCode: exitCode) + (reason.map { " because \($0)" } ?? "")
    log.info("\(member.plan.title) \(cause): starting it again in \(wait)")
    await member.output?.drain(within: .seconds(2))
    try? await Task.sleep(for: wait)
    await waitForOwners(of: member)
    let joined = members.values.filter { other in
      other.phase == .running
        && other.plan.references.contains { $0.sharesNamespace && $0.key == name }
    }
    // Whoever joined its namespace would stay behind in the dead one.
    do {
      for other in joined { try await stopForRestart(other) }
      for service in [name] + joined.map(\.name) {
        guard verdict == nil, !Task.isCancelled else { return }
        try await start(service)
      }
    } catch is CancellationError {
      return
    } catch {
      fail(error)
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
          case .starting, .restarting: false
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
    guard let id = member.container else { return }
    update(member.name) { $0.isStoppedOnPurpose = true }
    defer { update(member.name) { $0.isStoppedOnPurpose = false } }
    do {
      try await stop(id, grace: member.plan.service.stopGracePeriod)
    } catch let error as EngineError {
      throw member.plan.explain(error, doing: "stopped")
    }
    await member.output?.drain(within: .seconds(2))
    update(member.name) { $0.phase = .restarting }
  }

  /// Stops a container, again where the engine refuses or was away, and at last by SIGKILL.
  ///
  /// - Throws: `EngineError` where it may still run; `CancellationError`.
  private func stop(_ id: String, grace: Int64?) async throws {
    let engine = engine
    let seconds = grace.map { Int($0 / 1_000_000_000) } ?? 10
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
}
