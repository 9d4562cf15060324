import DockerEngine

/// Exits that follow from another container's: that one is the cause, and what it means is decided first. The engine
/// reports them in any order.
extension Pod {
  /// Waits until it is decided what follows from the exit that caused another: the pod ends; or the one that ended is
  /// started again with the group that it lives in. Returns where there is no such cause.
  ///
  /// - Parameters:
  ///   - name: the container that ended.
  ///   - code: its exit code.
  func waitForCause(of name: String, exitCode code: Int) async {
    guard let member = members[name] else { return }
    // The kernel ends all of a process namespace together with its first process.
    if code == 128 + 9 {
      for owner in owners(ofProcessesOf: name) {
        update(name) { $0.run.followsOwner = true }
        try? await wait(within: .seconds(2)) {
          verdict != nil || members[owner]?.state != .running
        }
        await waitForDecision(on: owner, for: name)
        update(name) { if $0.run.number == member.run.number { $0.run.followsOwner = false } }
      }
    }
    if let infra = members.values.first(where: \.plan.isInfra), member.plan.lives(by: infra.plan) {
      await waitForDecision(on: infra.name, for: name)
    }
  }

  /// The services whose process namespace a container lives in.
  private func owners(ofProcessesOf name: String) -> [String] {
    (members[name]?.plan.references ?? []).filter(\.sharesProcesses).map(\.key)
  }

  /// Whether a container's end was no more than that of the service whose process namespace it lived in, which had done
  /// its work.
  func hasEndedWithOwner(_ name: String, exitCode code: Int) -> Bool {
    code == 128 + 9
      && owners(ofProcessesOf: name).contains { owner in
        guard let owner = members[owner], !owner.plan.isInfra else { return false }
        return owner.exitCode == 0
          || owner.hasEnded && hasEndedWithOwner(owner.name, exitCode: code)
      }
  }

  /// Waits until it is decided what follows from the infrastructure container's end, if it has ended.
  func waitForInfra() async {
    guard let infra = members.values.first(where: \.plan.isInfra) else { return }
    await waitForDecision(on: infra.name, for: nil)
  }

  private func waitForDecision(on owner: String, for name: String?) async {
    if members[owner]?.state == .running, let id = members[owner]?.container {
      let state = try? await engine.inspectContainer(id).state
      if state?.running == false { examineEnd(of: owner) }
    }
    let number = name.flatMap { members[$0]?.run.number } ?? 0
    try? await wait {
      guard verdict == nil, let owner = members[owner], owner.isAway else { return true }
      // The infrastructure container's services are started again by their own policies.
      if owner.plan.isInfra { return !owner.isExiting }
      // It is to be started again together with its owner.
      return name.map { !isExiting($0, in: number) } ?? false
    }
  }
}
