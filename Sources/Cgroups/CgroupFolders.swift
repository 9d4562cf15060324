import Glibc
import SystemPackage
import Linux

/// The cgroups of pods in all hierarchies: finds, inspects, creates, thaws and removes them. Docker
/// creates the parent of a container's cgroup in every hierarchy and removes only its own leaf; Mesos
/// removes only the directories of its own isolators.
public struct CgroupFolders: Sendable {
  /// The mounted hierarchies.
  public let mounts: CgroupMounts
  /// Removes and reads in place of this module's own calls.
  let library: (any CgroupLibrary)?

  /// Works on these hierarchies.
  public init(mounts: CgroupMounts) {
    self.mounts = mounts
    library = nil
  }

  /// Works on these hierarchies with a library.
  package init(mounts: CgroupMounts, library: any CgroupLibrary) {
    self.mounts = mounts
    self.library = library
  }

  /// Every folder that stands for a cgroup path, one for each hierarchy that has it.
  ///
  /// - Parameter path: the cgroup's path below the hierarchies' roots, such as `/mesos/RUN`.
  /// - Returns: absolute paths.
  public func folders(of path: String) -> [String] {
    mounts.hierarchies.map { $0.mountPoint + path }.filter { (try? Self.isFolder($0)) ?? false }
  }

  /// The folders that stand for this process's own cgroups, and for those above them.
  ///
  /// - Parameter membership: where the process lives.
  /// - Returns: absolute paths.
  public func own(membership: CgroupMembership) -> Set<String> {
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
  ///   - path: the cgroup's path; one that `isPath(_:)` refuses is left alone, as an invalid argument.
  ///   - keeping: folders that are left alone, such as those where this process itself lives.
  /// - Returns: the folders that still stand, with the reason.
  public func remove(_ path: String, keeping: Set<String> = []) -> [(folder: String, reason: Errno)]
  {
    guard Self.isPath(path) else { return [(path, .invalidArgument)] }
    var left: [(folder: String, reason: Errno)] = []
    var known = KnownGroups()
    for hierarchy in mounts.hierarchies {
      let folder = hierarchy.mountPoint + path
      switch library?.group(FilePath(folder), in: hierarchy) {
      case .group(let top):
        guard let library else { continue }
        left += Self.removeTree(top, by: library, keeping: keeping, known: &known)
      case .missing: continue
      case .declined, nil:
        guard (try? Self.isFolder(folder)) ?? false else { continue }
        left += Self.removeTree(FilePath(folder), keeping: keeping)
      }
    }
    return left
  }

  /// All groups of one tree, those above before those below.
  static func tree(from folder: FilePath) -> [FilePath] {
    var tree = [folder]
    var next = 0
    while next < tree.count {
      // One that can't be read stays, and is reported with the folders above it.
      tree += (try? subfolders(of: tree[next])) ?? []
      next += 1
    }
    return tree
  }

  /// Works on the names as the kernel writes them, which need not be UTF-8, and on trees of any depth.
  private static func removeTree(
    _ folder: FilePath, keeping: Set<String>
  ) -> [(folder: String, reason: Errno)] {
    var left: [(folder: String, reason: Errno)] = []
    for folder in tree(from: folder).reversed() where !keeping.contains(folder.string) {
      if let reason = removeEmpty(folder) { left.append((folder.string, reason)) }
    }
    return left
  }

  /// Removes one folder. - Returns: why it still stands, or nil.
  static func removeEmpty(_ folder: FilePath) -> Errno? {
    folder.withPlatformString({ rmdir($0) }) == 0 || errno == ENOENT ? nil : Errno(rawValue: errno)
  }

  /// The folders in a folder; links are none, and neither is what has been removed meanwhile.
  ///
  /// - Throws: `Errno` where it can't be read: that says nothing of what is in it.
  static func subfolders(of folder: FilePath) throws(Errno) -> [FilePath] {
    do {
      return try Directory.names(of: folder, subdirectoriesOnly: true)
        .map { folder.appending($0) }
    } catch {
      if error == .noSuchFileOrDirectory || error == .notDirectory || error.rawValue == ENODEV {
        return []
      }
      throw error
    }
  }

  /// Whether there is a folder.
  ///
  /// - Throws: `Errno` where that can't be told.
  static func isFolder(_ path: String) throws(Errno) -> Bool {
    var status = stat()
    if lstat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFDIR }
    if [ENOENT, ENOTDIR, ENAMETOOLONG].contains(errno) { return false }
    throw Errno(rawValue: errno)
  }
}
