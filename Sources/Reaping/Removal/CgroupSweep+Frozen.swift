import Cgroups
import Logging
import PodIdentity
import PodObjects

/// Docker can't end a frozen container ("did not receive an exit event").
extension CgroupSweep {
  /// How long an agent may take from freezing a run to thawing it, which it does to kill all of it
  /// at once.
  private static let agentsTime = Duration.seconds(1)

  /// Thaws a leaked pod's cgroup before its containers are removed: only the run's own, by the same
  /// checks as when it is removed, and never one that this process or another pod lives in. An
  /// agent that is just destroying the run does so by itself: what it froze is thawed only if it
  /// still is frozen after a while.
  func thaw(_ identity: PodIdentity) async {
    let path = identity.cgroupParent
    guard host.engineIsLocal, CgroupPath.isRun(path, identity.run), !assessment.isShared(path),
      folders.folders(of: path).allSatisfy({ !remover.keeping.contains($0) })
    else { return }
    if !CgroupPath.isOwn(path), folders.isFrozen(path) {
      guard (try? await Task.sleep(for: Self.agentsTime)) != nil else { return }
    }
    let result = folders.thaw(path)
    if !result.thawed.isEmpty {
      log.notice(
        "thawed \(result.thawed.count) frozen cgroups of a dead executor at \(path)",
        metadata: identity.logFields)
    }
    for (folder, reason) in result.failed {
      log.warning("cgroup \(folder) can't be thawed: \(reason)", metadata: identity.logFields)
    }
  }
}
