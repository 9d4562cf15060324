import Cgroups
import Glibc

/// What pod-reaper asks about a run's cgroup before it removes it.
extension CgroupFolders {
  /// Whether all of a run's folders are a user's.
  func isOwned(_ path: String, by user: uid_t) -> Bool {
    folders(of: path).allSatisfy { folder in
      var status = stat()
      return lstat(folder, &status) == 0 && status.st_uid == user
    }
  }

  /// Whether a run's folders hold neither a process nor a container's folder.
  func isAbandoned(_ path: String) -> Bool {
    guard case .empty = look(path) else { return false }
    return containers(of: path).isEmpty
  }

  /// The containers directly below a run whose folders hold processes, whether or not an engine has
  /// them.
  func populatedContainers(_ path: String) -> [String] {
    containers(of: path).sorted().filter { !processes(of: $0, below: path).isEmpty }
  }

  /// The containers that have a folder directly below a run's.
  private func containers(of path: String) -> [String] {
    children(of: path).compactMap { CgroupPath.container(named: $0, below: path) }
  }

  /// The processes in a container's folders; none where that can't be told.
  func processes(of container: String, below path: String) -> Set<Int32> {
    let group = CgroupPath.container(container, below: path)
    guard case .populated(let processes) = look(group) else { return [] }
    return processes
  }
}
