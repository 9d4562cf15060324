import Cgroups
import Logging
import PodIdentity

/// The cgroup of a dead pod, some group of which may be frozen: Docker can't end a frozen container
/// ("did not receive an exit event").
struct FrozenCgroup: Sendable {
  let path: String
  let folders: CgroupFolders

  /// How long an agent may take from freezing a run to thawing it, which it does to kill all of it
  /// at once.
  private static let agentsTime = Duration.seconds(1)

  /// Thaws the group and those below it. An agent that is just destroying the run does so by
  /// itself: what it froze is thawed only if it still is frozen after a while.
  func thaw(_ log: Logger, _ fields: Logger.Metadata) async {
    if !CgroupPath.isOwn(path), folders.isFrozen(path) {
      guard (try? await Task.sleep(for: Self.agentsTime)) != nil else { return }
    }
    let result = folders.thaw(path)
    if !result.thawed.isEmpty {
      log.notice(
        "thawed \(result.thawed.count) frozen cgroups of a dead executor at \(path)",
        metadata: fields)
    }
    for (folder, reason) in result.failed {
      log.warning("cgroup \(folder) can't be thawed: \(reason)", metadata: fields)
    }
  }
}
