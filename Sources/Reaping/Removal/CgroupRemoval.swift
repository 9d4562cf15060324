import Cgroups
import Glibc
import LibcgroupTree
import PodIdentity
import SystemPackage

/// Paths of runs' cgroups.
enum CgroupPath {
  /// Where executors outside of a Mesos cgroup put their pods: no agent manages it.
  static let ownRoot = CgroupParent.ownRoot

  /// Whether a path may be a run's cgroup.
  static func isRun(_ path: String, _ run: String) -> Bool { CgroupFolders.isPath(path, of: run) }

  /// Whether no agent has a hand in it.
  static func isOwn(_ path: String) -> Bool {
    path.hasPrefix("/\(ownRoot)/") || PodSlice(path: path) != nil
  }

  /// The run that a path below a root is called by.
  static func run(of path: String) -> String {
    PodSlice(path: path)?.run ?? path.split(separator: "/").last.map(String.init) ?? ""
  }

  /// The cgroup of a container, below a run's.
  static func container(_ id: String, below path: String) -> String {
    "\(path)/" + (PodSlice(path: path) == nil ? id : PodSlice.scope(of: id))
  }

  /// The container that a cgroup below a run's is of, by its name; nil where it is none of a
  /// container.
  static func container(named name: String, below path: String) -> String? {
    if isContainer(name) { return name }
    guard PodSlice(path: path) != nil, name.hasPrefix("docker-"), name.hasSuffix(".scope") else {
      return nil
    }
    let id = String(name.dropFirst(7).dropLast(6))
    return isContainer(id) ? id : nil
  }

  /// The folder above, without a slash at either end: one of the roots.
  static func root(of path: String) -> String {
    path.split(separator: "/").dropLast().joined(separator: "/")
  }

  /// Whether a folder's name is a run as agents make them: a UUID.
  static func isRunName(_ name: String) -> Bool {
    let groups = name.split(separator: "-", omittingEmptySubsequences: false)
    return groups.map(\.utf8.count) == [8, 4, 4, 4, 12]
      && groups.allSatisfy { $0.allSatisfy(\.isHexDigit) }
  }

  /// Whether a folder's name is that of a container.
  static func isContainer(_ name: String) -> Bool {
    name.utf8.count == 64
      && name.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
      }
  }
}

/// Removes the cgroups of a dead run, children first and only empty ones: the kernel refuses to
/// remove a cgroup that holds a process.
struct CgroupRemoval: Sendable {
  let folders: CgroupFolders
  /// Where this process itself lives.
  let keeping: Set<String>
  /// Why the host's cgroups aren't to be seen or not to be removed.
  let fault: CgroupTreeFault?
  /// Why libcgroup could not be used.
  let libraryFailure: String?

  /// Works on what is mounted now.
  init() throws {
    let table = try LibcgroupTable.current()
    folders = table.folders
    keeping = table.own
    fault = table.fault
    libraryFailure = table.failure
  }

  /// What is left of a run after a removal.
  struct Left: Sendable, Equatable {
    var failures: [String] = []
    var removedAny = false
  }

  /// Removes what Docker made below a run, and the run's own folders where that is allowed.
  ///
  /// - Parameters:
  ///   - path: the run's cgroup, checked before.
  ///   - wholly: whether the run's own folder goes too.
  ///   - isProven: whether the run's executor is known to be dead; else its slice has to tell.
  /// - Returns: the folders that still stand against our will, with the reason.
  func remove(_ path: String, wholly: Bool, isProven: Bool = true) async -> Left {
    let deadline = ContinuousClock.now + .seconds(2)
    var result = Left()
    result.removedAny = !folders.folders(of: path).isEmpty && wholly
    var slice = wholly ? PodSlice(path: path) : nil
    while true {
      if let stopped = slice, folders.look(path).isWithoutProcesses {
        if let failure = await stopped.stop(isProven: isProven) {
          result.failures = ["\(stopped.unit): \(failure)"]
          return result
        }
        slice = nil
      }
      let left = wholly ? removeWholly(path) : removeContainers(path)
      // Processes that were killed a moment ago may still be on their way out.
      if left.isEmpty || ContinuousClock.now > deadline {
        result.failures = left.filter { !keeping.contains($0.folder) }
          .map { "\($0.folder): \($0.reason)" }
        return result
      }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  /// A run with a living process in any hierarchy keeps its folders in all of them.
  private func removeWholly(_ path: String) -> [(folder: String, reason: Errno)] {
    switch folders.look(path) {
    case .missing: []
    case .empty: folders.remove(path, keeping: keeping)
    case .populated, .unreadable:
      folders.folders(of: path).map { (folder: $0, reason: .resourceBusy) }
    }
  }

  private func removeContainers(_ path: String) -> [(folder: String, reason: Errno)] {
    folders.children(of: path).filter(CgroupPath.isContainer).flatMap {
      folders.remove("\(path)/\($0)", keeping: keeping)
    }
  }

  /// Whether all of a run's folders are a user's.
  func isOwned(_ path: String, by user: uid_t) -> Bool {
    folders.folders(of: path).allSatisfy { folder in
      var status = stat()
      return lstat(folder, &status) == 0 && status.st_uid == user
    }
  }

  /// Whether a run's folders hold neither a process nor a container's folder.
  func isAbandoned(_ path: String) -> Bool {
    guard case .empty = folders.look(path) else { return false }
    return containers(of: path).isEmpty
  }

  /// The containers directly below a run whose folders hold processes, whether or not an engine has
  /// them.
  func populatedContainers(_ path: String) -> [String] {
    containers(of: path).sorted().filter { !processes(of: $0, below: path).isEmpty }
  }

  /// The containers that have a folder directly below a run's.
  private func containers(of path: String) -> [String] {
    folders.children(of: path).compactMap { CgroupPath.container(named: $0, below: path) }
  }

  /// The processes in a container's folders; none where that can't be told.
  func processes(of container: String, below path: String) -> Set<Int32> {
    let group = CgroupPath.container(container, below: path)
    guard case .populated(let processes) = folders.look(group) else { return [] }
    return processes
  }
}
