import Cgroups
import Logging
import PodIdentity
import PodObjects

/// Docker can't stop a frozen container ("did not receive an exit event").
extension CgroupSweep {
  /// The longest time for which an agent freezes a run to kill all its processes at once.
  private static let agentsTime = Duration.seconds(1)

  /// Thaws a leaked pod's cgroup before its containers are removed. The checks are those of the
  /// removal: only the run's own cgroup is thawed, and never one that contains this process or
  /// another pod. An agent that is destroying the run thaws it itself, so a cgroup of an agent is
  /// thawed only if it is still frozen after a while.
  func thaw(_ identity: PodIdentity) async {
    let path = identity.cgroupParent
    guard host.engineIsLocal, CgroupPath.isRun(path, identity.run), !assessment.isShared(path),
      tree.directories(of: path).allSatisfy({ !remover.keeping.contains($0) })
    else { return }
    if !CgroupPath.isOwn(path), tree.isFrozen(path) {
      guard (try? await Task.sleep(for: Self.agentsTime)) != nil else { return }
    }
    let result = tree.thaw(path)
    if !result.thawed.isEmpty {
      log.notice(
        "thawed \(result.thawed.count) frozen cgroups of a dead executor at \(path)",
        metadata: identity.logFields)
    }
    for (directory, reason) in result.failed {
      log.warning("cgroup \(directory) can't be thawed: \(reason)", metadata: identity.logFields)
    }
  }
}
