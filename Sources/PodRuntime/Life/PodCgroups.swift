import Cgroups
import Logging
import PodIdentity
import SystemPackage
import Systemd

/// The cgroups of one incarnation's pod: the group of each of its containers, and their parent.
struct PodCgroups: Sendable {
  let identity: PodIdentity
  let log: Logger

  private var parent: String? {
    let path = identity.cgroupParent
    // Whatever became of the ID: below a root, and the run's own.
    return CgroupFolders.isPath(path, of: identity.run) ? path : nil
  }

  /// Lets the pod's processes go on, so that they can be ended: an agent that was killed in the middle of a destroy
  /// leaves them frozen, and so does `docker pause`. Groups of other containers stay as they are.
  ///
  /// - Parameter containers: the pod's containers.
  func thaw(_ containers: [String]) {
    guard let parent, let mounts = try? CgroupMounts.current() else { return }
    let folders = CgroupFolders(mounts: mounts)
    var result = folders.thaw(parent, alone: true)
    for container in containers {
      let below = folders.thaw(identity.cgroup(of: container))
      result.thawed += below.thawed
      result.failed += below.failed
    }
    if let first = result.thawed.first { log.warning("cgroup \(first) was frozen: thawed") }
    if let (folder, reason) = result.failed.first {
      log.warning("cgroup \(folder) can't be thawed: \(reason)")
    }
  }

  /// Ends the processes of containers that the engine doesn't end.
  ///
  /// - Parameters:
  ///   - containers: the pod's own, and nobody else's.
  ///   - limit: how long they may take to end.
  /// - Returns: what became of each of which something can be said, in words.
  func kill(_ containers: [String], within limit: Duration) async -> [String: String] {
    guard parent != nil, let mounts = try? CgroupMounts.current() else { return [:] }
    let identity = identity
    let folders = CgroupFolders(mounts: mounts)
    let keeping = (try? CgroupMembership.current()).map(folders.own(membership:)) ?? []
    thaw(containers)
    return await withTaskGroup(of: (String, CgroupLook).self) { group in
      for container in containers {
        group.addTask {
          let path = identity.cgroup(of: container)
          return (container, await folders.kill(path, keeping: keeping, within: limit))
        }
      }
      var words: [String: String] = [:]
      for await (container, look) in group {
        switch look {
        case .missing: continue
        case .empty: words[container] = "its processes are killed"
        case .populated(let left): words[container] = "\(left.count) of its processes live on"
        case .unreadable(let reason): words[container] = "its processes can't be killed: \(reason)"
        }
      }
      return words
    }
  }

  /// Docker makes the parent in every hierarchy and takes away only its own leaf.
  ///
  /// - Parameters:
  ///   - limit: how long to try; where containers are left, their cgroups are, and a wait is in vain.
  ///   - forgotten: the pod's containers that the engine has no more. One that was killed in the middle of a start may
  ///     have left their processes behind.
  /// - Returns: what is left, in words.
  func remove(within limit: Duration, forgotten: [String] = []) async -> [String] {
    guard !identity.cgroupParent.isEmpty else { return [] }
    guard let parent else { return ["cgroup \(identity.cgroupParent) (it isn't the run's)"] }
    guard let mounts = try? CgroupMounts.current(),
      let membership = try? CgroupMembership.current()
    else { return ["cgroup \(parent) (/proc can't be read)"] }
    let folders = CgroupFolders(mounts: mounts)
    let keeping = folders.own(membership: membership)
    let begin = ContinuousClock.now
    let deadline = begin + limit
    var hasKilled = forgotten.isEmpty
    var slice = identity.slice
    while true {
      // Only an empty one: to stop a slice is to end whatever is in it.
      if let stopped = slice, folders.look(parent).isWithoutProcesses {
        if let left = await stop(stopped) { return left }
        slice = nil
      }
      let left =
        slice == nil
        ? folders.remove(parent, keeping: keeping).filter { !keeping.contains($0.folder) }
        : [(folder: parent, reason: .resourceBusy)]
      if left.isEmpty { return [] }
      // A run of an ordinary user can't remove what Docker made as root: the reaper does that.
      let denied = left.allSatisfy { $0.reason == .permissionDenied || $0.reason == .notPermitted }
      if denied {
        log.info("cgroups below \(parent) are left to pod-reaper: \(left[0].reason)")
        return []
      }
      // Processes that the engine ended are gone by then.
      if !hasKilled, .now - begin > .seconds(1) {
        hasKilled = true
        for (container, what) in await kill(forgotten, within: .seconds(2)) {
          log.warning("container \(container.prefix(12)), which the engine has forgotten: \(what)")
        }
      }
      if .now > deadline {
        // A message has room for one of them: it is the same cgroup in every hierarchy.
        for (folder, reason) in left { log.warning("cgroup \(folder) can't be removed: \(reason)") }
        return ["cgroup \(parent) (\(left[0].reason))"]
      }
      try? await Task.sleep(for: .milliseconds(50))
    }
  }

  /// Stops the pod's slice; its cgroups go then, but for those of version 1 that systemd doesn't manage.
  ///
  /// - Returns: what is left where it can't be stopped; nil where it is.
  private func stop(_ slice: PodSlice) async -> [String]? {
    guard Systemd.isInit else { return nil }
    do {
      try await Systemd().stop(slice.unit, resettingFailed: PodSlice.scope(of: "*"))
      return nil
    } catch  where error.isDenied {
      log.info("slice \(slice.unit) is left to pod-reaper: \(error)")
      return []
    } catch {
      log.warning("slice \(slice.unit) can't be stopped: \(error)")
      return ["slice \(slice.unit) (\(error))"]
    }
  }

  /// What is there of the parent while it may not be touched.
  ///
  /// - Parameter reason: why.
  /// - Returns: words, or nothing where it is gone.
  func left(_ reason: String) -> [String] {
    guard let parent, let mounts = try? CgroupMounts.current(),
      !CgroupFolders(mounts: mounts).folders(of: parent).isEmpty
    else { return [] }
    return ["cgroup \(parent) (\(reason))"]
  }
}
