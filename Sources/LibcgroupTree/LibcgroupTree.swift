import Cgroups
import Glibc
import SystemPackage

/// Lists, removes and reads cgroups with libcgroup, in the hierarchies that it knows.
struct LibcgroupTree: CgroupLibrary {
  /// The mounts of the hierarchies in terms of the library.
  let mounts: [CgroupHierarchy: Libcgroup.Mount]

  func group(_ directory: FilePath, in hierarchy: CgroupHierarchy) -> CgroupLookup {
    guard let mount = mounts[hierarchy], Self.fits(directory) else { return .declined }
    let top = CgroupGroup(hierarchy: hierarchy, directory: directory, device: mount.device)
    let start = hierarchy.mountPoint.utf8.count
    return Self.areGroups(above: directory, below: start, on: mount.device, andItself: true)
      ? .group(top) : .missing
  }

  func tree(from top: CgroupGroup) -> [FilePath]? {
    guard let mount = mounts[top.hierarchy] else { return nil }
    var tree: [FilePath] = []
    let isWhole = Self.withPath(of: top.directory, in: top.hierarchy) { path in
      Libcgroup.walk(mount, path) { visit in
        var status = stat()
        switch visit {
        case .before(let path):
          // Nothing below a symbolic link, or below another file system mounted on a cgroup, is a
          // cgroup.
          return lstat(path, &status) != 0
            || status.st_mode & S_IFMT == S_IFDIR && status.st_dev == top.device
        case .after(let path):
          // The library also reports a file as a directory if stat(2) fails.
          if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            tree.append(FilePath(platformString: path))
          }
          return true
        }
      }
    }
    return isWhole ? tree : nil
  }

  func remove(_ directory: FilePath, from top: CgroupGroup) -> CgroupDeletion {
    guard let mount = mounts[top.hierarchy], Self.fits(directory) else { return .declined }
    // The last component needs no check: rmdir(2) doesn't follow a symbolic link there, and doesn't
    // remove a mount point.
    guard Self.areGroups(above: directory, below: top.directory.length, on: top.device) else {
      return .gone
    }
    do {
      let reason = try Self.withPath(of: directory, in: top.hierarchy) {
        path throws(Libcgroup.Failure) in
        try Libcgroup.removeEmpty(mount, path)
      }
      var status = stat()
      let isGone = directory.withPlatformString { lstat($0, &status) } != 0 && errno == ENOENT
      return isGone ? .gone : .left(reason ?? .resourceBusy)
    } catch {
      return .declined
    }
  }

  func line(of file: String, in group: CgroupGroup) -> String? {
    guard let mount = mounts[group.hierarchy] else { return nil }
    return Self.withPath(of: group.directory, in: group.hierarchy) {
      Libcgroup.line(mount, $0, file)
    }
  }

  /// Whether the library can handle a path: it has FILENAME_MAX bytes for path, slash and
  /// terminating zero, and silently cuts a longer path.
  private static func fits(_ directory: FilePath) -> Bool {
    directory.length + 2 <= Int(FILENAME_MAX)
  }

  /// Calls `body` with the path below the mount point, as the library expects it.
  private static func withPath<Result, Failure: Error>(
    of directory: FilePath, in hierarchy: CgroupHierarchy,
    _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(Array(bytes(of: directory).dropFirst(hierarchy.mountPoint.utf8.count)))
  }

  private static func bytes(of path: FilePath) -> [CChar] {
    path.withPlatformString { Array(UnsafeBufferPointer(start: $0, count: path.length + 1)) }
  }

  /// Whether all parent directories of a path are on a device, and none of them is a symbolic link.
  ///
  /// - Parameters:
  ///   - directory: the path.
  ///   - start: the length of the prefix that needs no check.
  ///   - device: the device.
  ///   - andItself: whether the last component is checked too.
  /// - Returns: true if they are.
  private static func areGroups(
    above directory: FilePath, below start: Int, on device: dev_t, andItself: Bool = false
  ) -> Bool {
    var path = bytes(of: directory)
    for end in path.indices.dropFirst(start + 1)
    where path[end] == CChar(bitPattern: UInt8(ascii: "/")) || path[end] == 0 && andItself {
      let separator = path[end]
      path[end] = 0
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
        status.st_dev == device
      else { return false }
      path[end] = separator
    }
    return true
  }
}
