import Glibc
import SystemPackage
import Linux

/// The cgroups of pods in all hierarchies: finds, inspects, creates, thaws and removes them. Docker
/// creates the parent of a container's cgroup in every hierarchy, but removes only the container's
/// own cgroup. Mesos removes only the cgroups of its own isolators.
package struct CgroupTree: Sendable {
  /// The mounted hierarchies.
  package let mounts: CgroupMounts
  /// Removes and reads cgroups instead of this module's own code, if set.
  let library: (any CgroupLibrary)?

  /// Accesses these hierarchies with this module's own code.
  package init(mounts: CgroupMounts) {
    self.mounts = mounts
    library = nil
  }

  /// Accesses these hierarchies with a library.
  package init(mounts: CgroupMounts, library: any CgroupLibrary) {
    self.mounts = mounts
    self.library = library
  }

  /// The directories of a cgroup, one for each hierarchy that has it.
  ///
  /// - Parameter path: the cgroup's path below the hierarchies' roots, such as `/mesos/RUN`.
  /// - Returns: absolute paths.
  package func directories(of path: String) -> [String] {
    mounts.hierarchies.map { $0.mountPoint + path }.filter { (try? Self.isDirectory($0)) ?? false }
  }

  /// The directories of this process's own cgroups and of their ancestors.
  ///
  /// - Parameter membership: the cgroups of the process.
  /// - Returns: absolute paths.
  package func own(membership: CgroupMembership) -> Set<String> {
    var own: Set<String> = []
    for hierarchy in mounts.hierarchies {
      let entry = membership.entries.first { $0.isOf(hierarchy) }
      var components = (entry?.path ?? "/").split(separator: "/")
      while !components.isEmpty {
        own.insert(hierarchy.mountPoint + "/" + components.joined(separator: "/"))
        components.removeLast()
      }
    }
    return own
  }

  /// Creates a cgroup in all hierarchies of one version. An existing cgroup is no error.
  ///
  /// - Throws: the `Errno` of `mkdir(2)`.
  package func make(_ path: String, version: CgroupVersion) throws {
    for hierarchy in mounts.hierarchies where hierarchy.version == version {
      if mkdir(hierarchy.mountPoint + path, 0o755) != 0, errno != EEXIST {
        throw Errno(rawValue: errno)
      }
    }
  }

  /// Removes a cgroup and its descendants in all hierarchies, children first. The kernel refuses to
  /// remove a cgroup that has a process, so a running pod can't be harmed.
  ///
  /// - Parameters:
  ///   - path: the cgroup's path. A path that `isPath(_:)` refuses is reported as an invalid
  ///     argument and left alone.
  ///   - keeping: directories that are left alone, such as this process's own cgroups.
  /// - Returns: the directories that still exist, with the reason.
  package func remove(_ path: String, keeping: Set<String> = []) -> [(
    directory: String, reason: Errno
  )] {
    guard Self.isPath(path) else { return [(path, .invalidArgument)] }
    var left: [(directory: String, reason: Errno)] = []
    var known = KnownGroups()
    for hierarchy in mounts.hierarchies {
      let directory = hierarchy.mountPoint + path
      switch library?.group(FilePath(directory), in: hierarchy) {
      case .group(let top):
        guard let library else { continue }
        left += Self.removeTree(top, by: library, keeping: keeping, known: &known)
      case .missing: continue
      case .declined, nil:
        guard (try? Self.isDirectory(directory)) ?? false else { continue }
        left += Self.removeTree(FilePath(directory), keeping: keeping)
      }
    }
    return left
  }

  /// All cgroups of a tree, parents before children.
  static func tree(from directory: FilePath) -> [FilePath] {
    var tree = [directory]
    var next = 0
    while next < tree.count {
      // A directory that can't be read stays, and is reported with its parents.
      tree += (try? subdirectories(of: tree[next])) ?? []
      next += 1
    }
    return tree
  }

  /// Handles names that aren't UTF-8, and trees of any depth.
  private static func removeTree(
    _ directory: FilePath, keeping: Set<String>
  ) -> [(directory: String, reason: Errno)] {
    var left: [(directory: String, reason: Errno)] = []
    for directory in tree(from: directory).reversed() where !keeping.contains(directory.string) {
      if let reason = removeEmpty(directory) { left.append((directory.string, reason)) }
    }
    return left
  }

  /// Removes one directory. - Returns: why it still exists, or nil.
  static func removeEmpty(_ directory: FilePath) -> Errno? {
    directory.withPlatformString({ rmdir($0) }) == 0 || errno == ENOENT
      ? nil : Errno(rawValue: errno)
  }

  /// The subdirectories of a directory, without symbolic links; none if it was removed meanwhile.
  ///
  /// - Throws: `Errno` if the directory can't be read, which reveals nothing about its content.
  static func subdirectories(of directory: FilePath) throws(Errno) -> [FilePath] {
    do {
      return try Directory.names(of: directory, subdirectoriesOnly: true)
        .map { directory.appending($0) }
    } catch {
      if error == .noSuchFileOrDirectory || error == .notDirectory || error.rawValue == ENODEV {
        return []
      }
      throw error
    }
  }

  /// Whether a path is a directory.
  ///
  /// - Throws: `Errno` if this can't be determined.
  static func isDirectory(_ path: String) throws(Errno) -> Bool {
    var status = stat()
    if lstat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFDIR }
    if [ENOENT, ENOTDIR, ENAMETOOLONG].contains(errno) { return false }
    throw Errno(rawValue: errno)
  }
}
