import Glibc
import PodIdentity
import SystemPackage
import Linux

extension CgroupTree {
  /// The cgroups that a removal has listed in one hierarchy. They are removed from the next
  /// hierarchy without listing it: a pod has the same cgroups in most hierarchies, and a library
  /// may be slow at listing.
  struct KnownGroups {
    /// The paths relative to the top, children first; empty for the top itself.
    var ends: [[CChar]] = [[0]]

    init() {}

    init(_ tree: [FilePath], below top: FilePath) {
      ends = tree.map { Array(Self.bytes(of: $0)[top.length...]) }
    }

    /// The directories of the same cgroups below another top.
    func directories(below top: FilePath) -> [FilePath] {
      let start = Self.bytes(of: top).dropLast()
      return ends.map { FilePath(platformString: Array(start + $0)) }
    }

    private static func bytes(of path: FilePath) -> [CChar] {
      path.withPlatformString { Array(UnsafeBufferPointer(start: $0, count: path.length + 1)) }
    }
  }

  /// Removes a tree of one hierarchy with a library.
  ///
  /// - Parameters:
  ///   - top: the cgroup at the top.
  ///   - library: the library.
  ///   - keeping: directories that are left alone.
  ///   - known: cgroups to try before the tree is listed; replaced by the result of listing.
  /// - Returns: the directories that still exist, with the reason.
  static func removeTree(
    _ top: CgroupGroup, by library: any CgroupLibrary, keeping: Set<String>,
    known: inout KnownGroups
  ) -> [(directory: String, reason: Errno)] {
    var isGone = false
    for directory in known.directories(below: top.directory)
    where !keeping.contains(directory.string) {
      isGone =
        library.remove(directory, from: top) == .gone && directory.length == top.directory.length
    }
    if isGone { return [] }
    let tree = library.tree(from: top) ?? Array(tree(from: top.directory).reversed())
    known = KnownGroups(tree, below: top.directory)
    var left: [(directory: String, reason: Errno)] = []
    for directory in tree where !keeping.contains(directory.string) {
      switch library.remove(directory, from: top) {
      case .gone: continue
      case .left(let reason): left.append((directory.string, reason))
      case .declined:
        if let reason = removeEmpty(directory) { left.append((directory.string, reason)) }
      }
    }
    return left
  }

  /// The first line of a file of a cgroup, or nil if it can't be read.
  ///
  /// - Parameters:
  ///   - file: the file's name, such as `freezer.state`.
  ///   - path: the cgroup's path below the hierarchy's root.
  ///   - hierarchy: the hierarchy.
  /// - Returns: the line.
  package func line(of file: String, in path: String, of hierarchy: CgroupHierarchy) -> String? {
    let directory = FilePath(hierarchy.mountPoint + path)
    if let library, case .group(let group) = library.group(directory, in: hierarchy),
      let line = library.line(of: file, in: group)
    {
      return line
    }
    return (try? TextFile.text(directory.appending(file))).map { String($0.prefix { $0 != "\n" }) }
  }
}
