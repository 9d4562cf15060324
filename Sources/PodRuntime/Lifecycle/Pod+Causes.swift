import DockerEngine

/// Exits that are caused by the exit of another container. The consequence of the cause is decided
/// first. The engine reports such exits in any order.
extension Pod {
  /// Waits until the consequence of the exit that caused another one is decided: the pod ends, or
  /// the container is restarted with its group. Returns at once if there is no such cause.
  ///
  /// - Parameters:
  ///   - name: the container that exited.
  ///   - code: its exit code.
  func waitForCause(of name: String, exitCode code: Int) async {
    guard let member = members[name] else { return }
    // The kernel kills all processes of a PID namespace together with its first process.
    if code == 128 + 9 {
      for owner in owners(ofProcessesOf: name) {
        update(name) { $0.run.followsOwner = true }
        try? await wait(within: .seconds(2)) {
          outcome != nil || members[owner]?.state != .running
        }
        await waitForDecision(on: owner, for: name)
        update(name) { if $0.run.number == member.run.number { $0.run.followsOwner = false } }
      }
    }
    if let infra = members.values.first(where: \.plan.isInfra), member.plan.lives(by: infra.plan) {
      await waitForDecision(on: infra.name, for: name)
    }
  }

  /// The services whose PID namespace a container joins.
  private func owners(ofProcessesOf name: String) -> [String] {
    (members[name]?.plan.references ?? []).filter(\.sharesProcesses).map(\.key)
  }

  /// Whether a container was only killed together with the service whose PID namespace it joins,
  /// and that service had exited with 0.
  func hasEndedWithOwner(_ name: String, exitCode code: Int) -> Bool {
    code == 128 + 9
      && owners(ofProcessesOf: name).contains { owner in
        guard let owner = members[owner], !owner.plan.isInfra else { return false }
        return owner.exitCode == 0
          || owner.hasEnded && hasEndedWithOwner(owner.name, exitCode: code)
      }
  }

  /// Waits until the consequence of the infrastructure container's exit is decided, if it has
  /// exited.
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
      guard outcome == nil, let owner = members[owner], owner.isAway else { return true }
      // Services that join the infrastructure container's namespaces are restarted by their own
      // policies.
      if owner.plan.isInfra { return !owner.isExiting }
      // It will be restarted together with its owner.
      return name.map { !isExiting($0, in: number) } ?? false
    }
  }
}
