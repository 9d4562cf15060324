import Cgroups
import PodIdentity
import SystemPackage

/// Removes the cgroups of a run, children first and only empty ones: the kernel refuses to remove a cgroup that holds a
/// process.
package struct CgroupRemover: Sendable {
  /// Whose calls list and remove groups: libcgroup's for pod-reaper, this project's own for the executor.
  package let folders: CgroupFolders
  /// The directories of this process's own cgroups, which stay.
  package let keeping: Set<String>

  /// Prepares removals.
  ///
  /// - Parameters:
  ///   - folders: the mounted hierarchies.
  ///   - keeping: directories that stay: those of this process's own cgroups.
  package init(folders: CgroupFolders, keeping: Set<String>) {
    self.folders = folders
    self.keeping = keeping
  }

  /// Which groups go.
  package enum Scope: Sendable {
    /// The run's own group with all below it. If any hierarchy has a living process in it, all groups stay in all
    /// hierarchies: without some of them the process could neither be found nor be limited.
    case run
    /// The groups of containers alone: the agent removes the run's own.
    case containers
    /// All that are empty. An executor lives in its run's Mesos cgroup, so the whole is never without a process.
    case emptyGroups
  }

  /// What is left after a removal.
  package enum Left: Sendable {
    /// Directories that still exist, with the reason.
    case folders([(folder: String, reason: Errno)])
    /// The slice could not be stopped, so that none of its groups was touched.
    case slice(PodSlice, any Error)

    /// Whether nothing is left.
    package var isNothing: Bool {
      if case .folders(let folders) = self { folders.isEmpty } else { false }
    }

    /// Whether this user may not remove it, however often it tries.
    package var isDenied: Bool {
      guard case .folders(let folders) = self else { return false }
      return !folders.isEmpty
        && folders.allSatisfy { [.permissionDenied, .notPermitted].contains($0.reason) }
    }
  }

  /// Removes groups until none is left, the time is up, or none of what is left may be removed.
  ///
  /// - Parameters:
  ///   - path: the run's cgroup, a path that `CgroupPath.isRun` accepts.
  ///   - scope: which groups go.
  ///   - limit: how long to try: processes that were killed a moment ago may still exist.
  ///   - stop: stops the run's slice, once there is no process in it; systemd removes most of its groups then.
  /// - Returns: what is left, but for what this process keeps.
  package func remove(
    _ path: String, _ scope: Scope, within limit: Duration,
    stopping stop: (PodSlice) async throws -> Void
  ) async -> Left {
    let deadline = ContinuousClock.now + limit
    var slice = scope == .containers ? nil : PodSlice(path: path)
    // What the engine has just ended is gone in a moment.
    var wait = Duration.milliseconds(2)
    while true {
      // To stop a slice is to kill whatever is in it.
      if let stopped = slice, folders.look(path).isWithoutProcesses {
        do {
          try await stop(stopped)
          slice = nil
        } catch {
          return .slice(stopped, error)
        }
      }
      let found = slice == nil ? removeOnce(path, scope) : busy(path)
      let left = Left.folders(found.filter { !keeping.contains($0.folder) })
      if left.isNothing || left.isDenied || .now > deadline { return left }
      try? await Task.sleep(for: wait)
      wait = min(wait * 2, .milliseconds(50))
    }
  }

  private func removeOnce(
    _ path: String, _ scope: Scope
  ) -> [(folder: String, reason: Errno)] {
    switch scope {
    case .run:
      switch folders.look(path) {
      case .missing: []
      case .empty: folders.remove(path, keeping: keeping)
      case .populated, .unreadable: busy(path)
      }
    case .containers:
      folders.children(of: path).filter(CgroupPath.isContainer).flatMap {
        folders.remove("\(path)/\($0)", keeping: keeping)
      }
    case .emptyGroups: folders.remove(path, keeping: keeping)
    }
  }

  private func busy(_ path: String) -> [(folder: String, reason: Errno)] {
    folders.folders(of: path).map { ($0, .resourceBusy) }
  }

  /// Kills the processes in a container's group, and waits until they are gone.
  ///
  /// - Parameters:
  ///   - container: the container's ID.
  ///   - path: the run's cgroup.
  ///   - limit: how long they may take.
  /// - Returns: what still lives.
  package func kill(_ container: String, below path: String, within limit: Duration) async
    -> CgroupLook
  {
    await folders.kill(
      CgroupPath.container(container, below: path), keeping: keeping, within: limit)
  }
}
