import Cgroups
import Logging
import PodIdentity
import PodObjects
import Systemd

/// The cgroups of one incarnation's pod: those of its containers, and their parent.
struct PodCgroups: Sendable {
  let identity: PodIdentity
  let log: Logger

  private var parent: String? {
    let path = identity.cgroupParent
    // The path must be below a root and belong to the run, whatever the run's ID contains.
    return CgroupPath.isRun(path, identity.run) ? path : nil
  }

  /// Records the pod's owner on a cgroup of its own before a container runs in it. If an engine
  /// forgets a container and someone removes the others, pod-reaper has no other way to determine
  /// the owner of the processes. A process without the permission, such as that of an ordinary
  /// user, can't do this, and leaves such processes to the operator.
  func claim() {
    let owner = identity.incarnation
    guard let parent, identity.slice == nil, CgroupPath.isOwn(parent), owner.pid != nil,
      owner.startTime != nil, owner.bootID != nil, let mounts = try? CgroupMounts.current()
    else { return }
    do {
      try CgroupTree(mounts: mounts).claim(parent, for: PodOwner(owner))
    } catch {
      log.debug("cgroup \(parent) can't be marked with its owner: \(error)")
    }
  }

  /// Thaws the pod's processes, so that they can be stopped. An agent that was killed while it
  /// destroyed a container leaves them frozen, as does `docker pause`. Cgroups of other containers
  /// are not changed.
  ///
  /// - Parameter containers: the pod's containers.
  func thaw(_ containers: [String]) {
    guard let parent, let mounts = try? CgroupMounts.current() else { return }
    let tree = CgroupTree(mounts: mounts)
    var result = tree.thaw(parent, alone: true)
    for container in containers {
      let below = tree.thaw(CgroupPath.container(container, below: parent))
      result.thawed += below.thawed
      result.failed += below.failed
    }
    if let first = result.thawed.first { log.warning("cgroup \(first) was frozen: thawed") }
    if let (directory, reason) = result.failed.first {
      log.warning("cgroup \(directory) can't be thawed: \(reason)")
    }
  }

  /// Kills the processes of containers that the engine doesn't stop.
  ///
  /// - Parameters:
  ///   - containers: the pod's own containers, and no others.
  ///   - limit: how long they may take to exit.
  /// - Returns: descriptions of the results by container, except for those without a cgroup.
  func kill(_ containers: [String], within limit: Duration) async -> [String: String] {
    guard let parent, let remover = Self.remover else { return [:] }
    thaw(containers)
    return await withTaskGroup(of: (String, CgroupOccupancy).self) { group in
      for container in containers {
        group.addTask { (container, await remover.kill(container, below: parent, within: limit)) }
      }
      var words: [String: String] = [:]
      for await (container, occupancy) in group {
        switch occupancy {
        case .missing: continue
        case .empty: words[container] = "its processes are killed"
        case .populated(let left):
          words[container] = "\(left.count) of its processes are still running"
        case .unreadable(let reason): words[container] = "its processes can't be killed: \(reason)"
        }
      }
      return words
    }
  }

  /// Removes the pod's cgroups: Docker creates the parent in every hierarchy, and removes only the
  /// containers' cgroups.
  ///
  /// - Parameters:
  ///   - limit: time limit; zero if containers are left, since their cgroups can't be removed.
  ///   - forgotten: the pod's containers that the engine no longer has. An engine that was killed
  ///     during a start may have left their processes behind.
  ///   - isOwn: called before each round: whether still no other pod of this executor uses them.
  /// - Returns: descriptions of the cgroups that are left; none if another pod uses them.
  func remove(
    within limit: Duration, forgotten: [String] = [],
    while isOwn: @escaping @Sendable () async -> Bool
  ) async -> [String] {
    guard !identity.cgroupParent.isEmpty else { return [] }
    guard let parent else {
      return ["cgroup \(identity.cgroupParent) (it doesn't belong to the run)"]
    }
    guard var remover = Self.remover else { return ["cgroup \(parent) (/proc can't be read)"] }
    remover.isOwn = isOwn
    let end = ContinuousClock.now + limit
    // Processes of containers that the engine stopped are gone by then.
    let patience = forgotten.isEmpty ? limit : min(limit, .seconds(1))
    var left = await remove(parent, by: remover, within: patience, until: end)
    if patience < limit, case .directories(let directories) = left, !directories.isEmpty,
      !left.isDenied
    {
      for (container, what) in await kill(forgotten, within: .seconds(2)) {
        log.warning("container \(container.prefix(12)), which the engine has forgotten: \(what)")
      }
      left = await remove(parent, by: remover, within: end - .now, until: end)
    }
    return messages(for: left, of: parent)
  }

  private static var remover: CgroupRemover? {
    guard let mounts = try? CgroupMounts.current(),
      let membership = try? CgroupMembership.current()
    else { return nil }
    let tree = CgroupTree(mounts: mounts)
    return CgroupRemover(tree: tree, keeping: tree.own(membership: membership))
  }

  /// One removal, with retries.
  ///
  /// - Parameters:
  ///   - parent: the pod's cgroup.
  ///   - remover: removes it.
  ///   - limit: the time limit for retries of groups.
  ///   - end: when systemd must have stopped the slice.
  /// - Returns: the remaining groups, or the slice.
  private func remove(
    _ parent: String, by remover: CgroupRemover, within limit: Duration,
    until end: ContinuousClock.Instant
  ) async -> CgroupRemover.RemovalOutcome {
    let isOwn = remover.tree.directories(of: parent).contains { remover.keeping.contains($0) }
    return await remover.remove(parent, isOwn ? .emptyGroups : .run, within: limit) { slice in
      guard Systemd.isInit else { return }
      let rest: Duration = min(.seconds(10), max(.seconds(1), end - .now))
      try await Systemd(timeout: rest).stop(
        slice.unit, resettingFailed: PodSlice.scope(of: "*"))
    }
  }

  /// Logs and describes the remaining cgroups. An ordinary user can neither remove cgroups that
  /// Docker created as root nor stop a slice: pod-reaper does that.
  private func messages(for left: CgroupRemover.RemovalOutcome, of parent: String) -> [String] {
    switch left {
    case .slice(let slice, let error):
      if (error as? SystemdError)?.isDenied == true {
        log.info("slice \(slice.unit) is left to pod-reaper: \(error)")
        return []
      }
      log.warning("slice \(slice.unit) can't be stopped: \(error)")
      return ["slice \(slice.unit) (\(error))"]
    case .directories(let directories):
      guard let first = directories.first else { return [] }
      if left.isDenied {
        log.info("cgroups below \(parent) are left to pod-reaper: \(first.reason)")
        return []
      }
      // The message has one of them: it is the same cgroup in every hierarchy.
      for (directory, reason) in directories {
        log.warning("cgroup \(directory) can't be removed: \(reason)")
      }
      return ["cgroup \(parent) (\(first.reason))"]
    }
  }

  /// The description of a parent that exists but must not be removed now.
  ///
  /// - Parameter reason: why it must not be removed.
  /// - Returns: the description; empty if the parent doesn't exist.
  func left(_ reason: String) -> [String] {
    guard let parent, let mounts = try? CgroupMounts.current(),
      !CgroupTree(mounts: mounts).directories(of: parent).isEmpty
    else { return [] }
    return ["cgroup \(parent) (\(reason))"]
  }
}
