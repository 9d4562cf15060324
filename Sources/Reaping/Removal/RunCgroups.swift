import Cgroups
import Glibc

/// Checks of a run's cgroup before its removal.
extension CgroupTree {
  /// Whether all directories of a run's cgroup belong to a user.
  func isOwned(_ path: String, by user: uid_t) -> Bool {
    directories(of: path).allSatisfy { directory in
      var status = stat()
      return lstat(directory, &status) == 0 && status.st_uid == user
    }
  }

  /// Whether a run's cgroup contains neither a process nor a container's cgroup.
  func isAbandoned(_ path: String) -> Bool {
    guard case .empty = occupancy(path) else { return false }
    return containers(of: path).isEmpty
  }

  /// The containers directly below a run's cgroup that have processes, whether or not an engine has
  /// the containers.
  func populatedContainers(_ path: String) -> [String] {
    containers(of: path).sorted().filter { !processes(of: $0, below: path).isEmpty }
  }

  /// The containers that have a cgroup directly below a run's.
  private func containers(of path: String) -> [String] {
    children(of: path).compactMap { CgroupPath.container(named: $0, below: path) }
  }

  /// The processes in a container's cgroup; none if it can't be read.
  func processes(of container: String, below path: String) -> Set<Int32> {
    let group = CgroupPath.container(container, below: path)
    guard case .populated(let processes) = occupancy(group) else { return [] }
    return processes
  }
}
