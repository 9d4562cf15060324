import CLinux
import Glibc
import PodIdentity
import SystemPackage

/// Records the owner of a run's cgroup in an extended attribute of the cgroup, which outlives all
/// Docker objects of the pod. The attribute is in the `trusted` namespace (xattr(7)): only root
/// outside of containers can set it.
extension CgroupTree {
  /// The attribute's name. Its value is the description of a `PodOwner`.
  static let ownerAttribute = "trusted.mesos.executor"

  /// Creates a run's cgroup in one hierarchy, version 2 if mounted, and records its owner.
  ///
  /// - Parameters:
  ///   - path: the cgroup's path. A path that `isPath(_:)` refuses is left alone.
  ///   - owner: the executor's process.
  /// - Throws: the `Errno` of mkdir(2) or setxattr(2): an ordinary user is permitted neither.
  package func claim(_ path: String, for owner: PodOwner) throws {
    guard Self.isPath(path),
      let hierarchy = mounts.hierarchies.first(where: { $0.version == .v2 })
        ?? mounts.hierarchies.first
    else { throw Errno.invalidArgument }
    let parent = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? ""
    for path in [parent, path] {
      if mkdir(hierarchy.mountPoint + path, 0o755) != 0, errno != EEXIST {
        throw Errno(rawValue: errno)
      }
    }
    let text = Array(owner.description.utf8)
    let directory = hierarchy.mountPoint + path
    guard linux_set_attribute(directory, Self.ownerAttribute, text, text.count) == 0 else {
      throw Errno(rawValue: errno)
    }
  }

  /// Reads the owner of a run's cgroup.
  ///
  /// - Parameter path: the cgroup's path.
  /// - Returns: the executor's process; nil if no hierarchy has an owner, or two have different
  ///   owners.
  package func owner(of path: String) -> PodOwner? {
    var found: Set<String> = []
    var bytes = [UInt8](repeating: 0, count: 256)
    for directory in directories(of: path) {
      let length = linux_get_attribute(directory, Self.ownerAttribute, &bytes, bytes.count)
      if length >= 0 {
        found.insert(String(decoding: bytes[..<length], as: UTF8.self))
      } else if errno != ENODATA, errno != EOPNOTSUPP, errno != ENOENT {
        return nil
      }
    }
    guard found.count == 1, let text = found.first else { return nil }
    return PodOwner(description: text)
  }
}
