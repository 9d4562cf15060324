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
    for other in joined { await stopForRestart(other) }
    for service in [name] + joined.map(\.name) {
      guard verdict == nil, !Task.isCancelled else { return }
      do {
        try await start(service)
      } catch is CancellationError {
        return
      } catch {
        fail("\(error)")
      }
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

  private func stopForRestart(_ member: Member) async {
    guard let id = member.container else { return }
    update(member.name) { $0.isStoppedOnPurpose = true }
    let grace = member.plan.service.stopGracePeriod.map { Int($0 / 1_000_000_000) } ?? 10
    try? await engine.stopContainer(id, timeout: grace)
    await member.output?.drain(within: .seconds(2))
    update(member.name) {
      $0.isStoppedOnPurpose = false
      $0.phase = .restarting
    }
  }
}
