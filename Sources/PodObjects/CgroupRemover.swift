import Cgroups
import PodIdentity
import SystemPackage

/// Removes the cgroups of a run, children first and only empty ones: the kernel refuses to remove a
/// cgroup that has a process.
package struct CgroupRemover: Sendable {
  /// The calls that list and remove groups: libcgroup's for pod-reaper, this project's own for the
  /// executor.
  package let tree: CgroupTree
  /// The directories of this process's own cgroups, which are kept.
  package let keeping: Set<String>
  /// Called before each round: a removal stops once this is false, because the cgroup has another
  /// user.
  package var isOwn: @Sendable () async -> Bool = { true }

  /// Prepares removals.
  ///
  /// - Parameters:
  ///   - tree: the mounted hierarchies.
  ///   - keeping: the directories of this process's own cgroups, which are kept.
  package init(tree: CgroupTree, keeping: Set<String>) {
    self.tree = tree
    self.keeping = keeping
  }

  /// The groups to remove.
  package enum Scope: Sendable {
    /// The run's own group with all groups below it. If it has a living process in any hierarchy,
    /// all groups are kept in all hierarchies: without some of them the process could neither be
    /// found nor be limited.
    case run
    /// Only the groups of containers: the agent removes the run's own.
    case containers
    /// All empty groups. An executor runs in its run's Mesos cgroup, so the whole always has a
    /// process.
    case emptyGroups
  }

  /// The remaining groups after a removal.
  package enum RemovalOutcome: Sendable {
    /// Directories that still exist, with the reason.
    case directories([(directory: String, reason: Errno)])
    /// The slice could not be stopped, so none of its groups was removed.
    case slice(PodSlice, any Error)

    /// Whether nothing remains.
    package var isNothing: Bool {
      if case .directories(let directories) = self { directories.isEmpty } else { false }
    }

    /// Whether this user isn't permitted to remove them, so that further attempts are useless.
    package var isDenied: Bool {
      guard case .directories(let directories) = self else { return false }
      return !directories.isEmpty
        && directories.allSatisfy { [.permissionDenied, .notPermitted].contains($0.reason) }
    }
  }

  /// Removes groups until none remains, the time limit is reached, or none of the remaining groups
  /// may be removed.
  ///
  /// - Parameters:
  ///   - path: the run's cgroup, a path that `CgroupPath.isRun` accepts.
  ///   - scope: the groups to remove.
  ///   - limit: the time limit for retries: processes that were just killed may still exist.
  ///   - stop: stops the run's slice when it has no process; systemd then removes most of its
  ///     groups.
  /// - Returns: the remaining groups, except for those that this process keeps; none if the cgroup
  ///   has another user.
  package func remove(
    _ path: String, _ scope: Scope, within limit: Duration,
    stopping stop: (PodSlice) async throws -> Void
  ) async -> RemovalOutcome {
    let deadline = ContinuousClock.now + limit
    var slice = scope == .containers ? nil : PodSlice(path: path)
    // Processes that the engine has just killed are gone in a moment.
    var wait = Duration.milliseconds(2)
    while true {
      guard await isOwn() else { return .directories([]) }
      // Stopping a slice kills all processes in it.
      if let stopped = slice, tree.occupancy(path).isWithoutProcesses {
        do {
          try await stop(stopped)
          slice = nil
        } catch {
          return .slice(stopped, error)
        }
      }
      let found = slice == nil ? removeOnce(path, scope) : busy(path)
      let left = RemovalOutcome.directories(found.filter { !keeping.contains($0.directory) })
      if left.isNothing || left.isDenied || .now > deadline { return left }
      try? await Task.sleep(for: wait)
      wait = min(wait * 2, .milliseconds(50))
    }
  }

  private func removeOnce(
    _ path: String, _ scope: Scope
  ) -> [(directory: String, reason: Errno)] {
    switch scope {
    case .run:
      switch tree.occupancy(path) {
      case .missing: []
      case .empty: tree.remove(path, keeping: keeping)
      case .populated, .unreadable: busy(path)
      }
    case .containers:
      tree.children(of: path).filter(CgroupPath.isContainer).flatMap {
        tree.remove("\(path)/\($0)", keeping: keeping)
      }
    case .emptyGroups: tree.remove(path, keeping: keeping)
    }
  }

  private func busy(_ path: String) -> [(directory: String, reason: Errno)] {
    tree.directories(of: path).map { ($0, .resourceBusy) }
  }

  /// Kills the processes in a container's group, and waits until they are gone.
  ///
  /// - Parameters:
  ///   - container: the container's ID.
  ///   - path: the run's cgroup.
  ///   - limit: the time limit.
  /// - Returns: the state of the group afterwards.
  package func kill(_ container: String, below path: String, within limit: Duration) async
    -> CgroupOccupancy
  {
    await tree.kill(
      CgroupPath.container(container, below: path), keeping: keeping, within: limit)
  }
}
