import CCgroup
import Cgroups
import Glibc
import Synchronization
import SystemPackage

/// The functions of libcgroup that are used. Each runs completely under one lock: the library's
/// mount table is global, and no iterator may exist while `cgroup_init` rebuilds it.
///
/// This is the only file that imports CCgroup (scripts/lint).
enum Libcgroup {
  /// A controller, or a named hierarchy as `name=…`, and its first mount point.
  struct Controller: Sendable, Equatable {
    var name: String
    var mountPoint: String
  }

  /// A hierarchy in terms of the library. Every call first checks that the library's table still
  /// has this mount.
  struct Mount: Sendable, Equatable {
    var controller: String
    var mountPoint: String
    /// The device of the file system, which distinguishes it from a later mount at the same path.
    var device: dev_t
  }

  /// An error code of the library (libcgroup/error.h). It has no text, because `cgroup_strerror(0)`
  /// is "Cgroup is not compiled in".
  struct Failure: Error, Equatable, CustomStringConvertible {
    var code: Int32
    /// The system's error, if there is one.
    var cause: Errno?

    /// Whether the library knows no mounted hierarchy.
    var isNotMounted: Bool { code == Int32(ECGROUPNOTMOUNTED) }

    var description: String { "libcgroup: error \(code)\(cause.map { " (\($0))" } ?? "")" }

    init(_ code: Int32) {
      self.code = code
      if code == Int32(ECGOTHER) {
        cause = Errno(rawValue: cgroup_get_last_errno())
      }
    }
  }

  private static let lock = Mutex(())

  /// Rebuilds the library's mount table.
  ///
  /// - Returns: all controllers, in the library's order.
  static func controllers() throws(Failure) -> [Controller] {
    try lock.withLock { _ throws(Failure) in
      // Without a logger `cgroup_init` installs one that prints to standard output at the level in
      // CGROUP_LOGLEVEL.
      cgroup_set_logger({ _, _, _, _ in }, 0, nil)
      let code = cgroup_init()
      guard code == 0 else { throw Failure(code) }
      var found: [Controller] = []
      let mount = ccgroup_mount_new()
      defer { free(mount) }
      guard mount != nil else { throw Failure(Int32(ECGFAIL)) }
      var handle: UnsafeMutableRawPointer?
      var next = ccgroup_mount_first(&handle, mount)
      defer { cgroup_get_controller_end(&handle) }
      while next == 0 {
        found.append(
          Controller(
            name: String(cString: ccgroup_mount_name(mount)),
            mountPoint: String(cString: ccgroup_mount_path(mount))))
        next = ccgroup_mount_next(&handle, mount)
      }
      return found
    }
  }

  /// An event of a directory in a walk.
  enum Visit {
    /// The walk enters the directory.
    case before(UnsafePointer<CChar>)
    /// The walk has visited the children of the directory.
    case after(UnsafePointer<CChar>)
  }

  /// Walks a tree, children before their parents. The library calls stat(2) on every file and
  /// follows symbolic links.
  ///
  /// - Parameters:
  ///   - mount: the hierarchy.
  ///   - path: the path of the tree's top below the mount point.
  ///   - visit: is called twice with the full path of every directory; false stops the walk.
  /// - Returns: whether the walk is complete.
  static func walk(
    _ mount: Mount, _ path: UnsafePointer<CChar>, _ visit: (Visit) -> Bool
  ) -> Bool {
    lock.withLock { _ in
      guard isCurrent(mount) else { return false }
      var handle: UnsafeMutableRawPointer?
      var info = cgroup_file_info()
      var level: Int32 = 0
      guard cgroup_walk_tree_begin(mount.controller, path, 0, &handle, &info, &level) == 0 else {
        return false
      }
      defer { cgroup_walk_tree_end(&handle) }
      let order = Int32(CGROUP_WALK_TYPE_POST_DIR.rawValue)
      guard cgroup_walk_tree_set_flags(&handle, order) == 0, visit(.before(info.full_path)) else {
        return false
      }
      while cgroup_walk_tree_next(0, &handle, &info, level) == 0 {
        switch info.type {
        case CGROUP_FILE_TYPE_FILE: break
        case CGROUP_FILE_TYPE_DIR: if !visit(.after(info.full_path)) { return false }
        default: if !visit(.before(info.full_path)) { return false }
        }
      }
      return true
    }
  }

  /// Removes a cgroup that has neither processes nor children.
  ///
  /// - Parameters:
  ///   - mount: the hierarchy.
  ///   - path: the cgroup's path below the mount point.
  /// - Returns: the system's error; nil on success, and also for a busy cgroup, which the library
  ///   doesn't report.
  /// - Throws: `Failure` if the library can't remove it.
  static func removeEmpty(_ mount: Mount, _ path: UnsafePointer<CChar>) throws(Failure) -> Errno? {
    try lock.withLock { _ throws(Failure) in
      var group = isCurrent(mount) ? cgroup_new_cgroup(path) : nil
      defer { cgroup_free(&group) }
      guard group != nil, cgroup_add_controller(group, mount.controller) != nil else {
        throw Failure(Int32(ECGFAIL))
      }
      let code = ccgroup_delete_empty(group)
      if code == 0 { return nil }
      let failure = Failure(code)
      guard let cause = failure.cause else { throw failure }
      return cause
    }
  }

  /// The first line of a cgroup's file.
  ///
  /// - Parameters:
  ///   - mount: the hierarchy.
  ///   - path: the cgroup's path below the mount point.
  ///   - file: the file's name.
  /// - Returns: the line without its newline, or nil if it can't be read or is empty.
  static func line(_ mount: Mount, _ path: UnsafePointer<CChar>, _ file: String) -> String? {
    lock.withLock { _ in
      guard isCurrent(mount) else { return nil }
      var handle: UnsafeMutableRawPointer?
      var buffer = [CChar](repeating: 0, count: 4096)
      var name = Array(file.utf8CString)
      let code = cgroup_read_value_begin(
        mount.controller, path, &name, &handle, &buffer, Int32(buffer.count))
      // Without a file there is nothing to close, and the call would be undefined.
      if handle != nil { cgroup_read_value_end(&handle) }
      guard code == 0 else { return nil }
      let bytes = buffer.prefix { $0 != 0 && $0 != CChar(bitPattern: UInt8(ascii: "\n")) }
      return String(decoding: bytes.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }

  /// Whether the library's table still has the mount: `cgroup_init` may have run again since.
  private static func isCurrent(_ mount: Mount) -> Bool {
    var path: UnsafeMutablePointer<CChar>?
    guard cgroup_get_subsys_mount_point(mount.controller, &path) == 0, let path else {
      return false
    }
    defer { free(path) }
    return String(cString: path) == mount.mountPoint
  }
}

extension Libcgroup.Mount {
  /// Describes the mount of a hierarchy; nil if the file system isn't that of a hierarchy.
  init?(controller: String, of hierarchy: CgroupHierarchy) {
    var status = stat()
    guard lstat(hierarchy.mountPoint, &status) == 0,
      ccgroup_version(hierarchy.mountPoint) == (hierarchy.version == .v1 ? 1 : 2)
    else { return nil }
    self.init(controller: controller, mountPoint: hierarchy.mountPoint, device: status.st_dev)
  }
}
