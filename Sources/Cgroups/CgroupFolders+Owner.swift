import CLinux
import Glibc
import PodIdentity
import SystemPackage

/// Whose a run's cgroup is, written on the cgroup itself: it outlives every object that an engine has of the pod. The
/// attribute is a trusted one (xattr(7)), which only root outside of all containers sets.
extension CgroupFolders {
  /// The attribute, whose value is a `PodOwner`'s description.
  static let ownerAttribute = "trusted.mesos.executor"

  /// Makes a run's cgroup in one hierarchy, the one of version 2 if there is, and writes on it whose it is.
  ///
  /// - Parameters:
  ///   - path: the cgroup's path; one that `isPath(_:)` refuses is left alone.
  ///   - owner: the executor's process.
  /// - Throws: `Errno`, as mkdir(2) and setxattr(2) give it: an ordinary user may do neither.
  public func claim(_ path: String, for owner: PodOwner) throws {
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
    let folder = hierarchy.mountPoint + path
    guard linux_set_attribute(folder, Self.ownerAttribute, text, text.count) == 0 else {
      throw Errno(rawValue: errno)
    }
  }

  /// Reads whose a run's cgroup is.
  ///
  /// - Parameter path: the cgroup's path.
  /// - Returns: the executor's process; nil where no hierarchy tells, or two don't tell the same.
  public func owner(of path: String) -> PodOwner? {
    var found: Set<String> = []
    var bytes = [UInt8](repeating: 0, count: 256)
    for folder in folders(of: path) {
      let length = linux_get_attribute(folder, Self.ownerAttribute, &bytes, bytes.count)
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
