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
      for reference in member.plan.references where reference.sharesProcesses {
        try? await wait(within: .seconds(1)) {
          verdict != nil || members[reference.key]?.state != .running
        }
        await waitForDecision(on: reference.key, for: name)
      }
    }
    if let infra = members.values.first(where: \.plan.isInfra), member.plan.lives(by: infra.plan) {
      await waitForDecision(on: infra.name, for: name)
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
      // It is to be started again together with its owner.
      return name.map { !isExiting($0, in: number) } ?? false
    }
  }
}
