import Glibc
import SystemPackage

/// Removes what a pod's cgroups leave. Docker makes the parent of a container's cgroup in every hierarchy
/// and takes away only its own leaf; Mesos takes away only the folders of the isolators that it runs.
public struct CgroupFolders: Sendable {
  /// The mounted hierarchies.
  public let mounts: CgroupMounts

  /// Works on these hierarchies.
  public init(mounts: CgroupMounts) { self.mounts = mounts }

  /// Every folder that stands for a cgroup path, one for each hierarchy that has it.
  ///
  /// - Parameter path: the cgroup's path below the hierarchies' roots, such as `/mesos/RUN`.
  /// - Returns: absolute paths.
  public func folders(of path: String) -> [String] {
    mounts.hierarchies.map { $0.mountPoint + path }.filter(isFolder)
  }

  /// The folders that stand for this process's own cgroups, and for those above them.
  ///
  /// - Parameter membership: where the process lives.
  /// - Returns: absolute paths.
  public func own(membership: CgroupMembership) -> Set<String> {
    var own: Set<String> = []
    for hierarchy in mounts.hierarchies {
      let entry = membership.entries.first { entry in
        hierarchy.version == .v2
          ? entry.isUnified : !entry.isUnified && entry.controllers == hierarchy.controllers
      }
      var components = (entry?.path ?? "/").split(separator: "/")
      while !components.isEmpty {
        own.insert(hierarchy.mountPoint + "/" + components.joined(separator: "/"))
        components.removeLast()
      }
    }
    return own
  }

  /// Makes a cgroup in the hierarchies of one version; one that is there already is fine.
  ///
  /// - Throws: `Errno`, as `mkdir(2)` gives it.
  public func make(_ path: String, version: CgroupVersion) throws {
    for hierarchy in mounts.hierarchies where hierarchy.version == version {
      if mkdir(hierarchy.mountPoint + path, 0o755) != 0, errno != EEXIST {
        throw Errno(rawValue: errno)
      }
    }
  }

  /// Removes a cgroup and all below it, in all hierarchies, children first. Only empty ones go: the kernel
  /// refuses to remove a cgroup that holds a process, so a living one cannot be hurt.
  ///
  /// - Parameters:
  ///   - path: the cgroup's path, never a root: at least two components.
  ///   - keeping: folders that are left alone, such as those where this process itself lives.
  /// - Returns: the folders that still stand, with the reason.
  public func remove(_ path: String, keeping: Set<String> = []) -> [(folder: String, reason: Errno)]
  {
    precondition(path.split(separator: "/").count >= 2, "a root is never removed")
    var left: [(folder: String, reason: Errno)] = []
    for folder in folders(of: path) {
      left += removeTree(folder, keeping: keeping, depth: 0)
    }
    return left
  }

  private func removeTree(
    _ folder: String, keeping: Set<String>, depth: Int
  ) -> [(folder: String, reason: Errno)] {
    var left: [(folder: String, reason: Errno)] = []
    // A bound on depth keeps a hostile tree from using up the stack.
    if depth < 32 {
      for child in subfolders(folder) {
        left += removeTree(folder + "/" + child, keeping: keeping, depth: depth + 1)
      }
    }
    if keeping.contains(folder) { return left }
    if rmdir(folder) != 0, errno != ENOENT {
      left.append((folder, Errno(rawValue: errno)))
    }
    return left
  }

  func subfolders(_ folder: String) -> [String] { Self.names(in: folder) }

  /// The folders in a folder; links are none.
  static func names(in folder: String) -> [String] {
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  func isFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
