import PodIdentity
import Linux

/// Why this process doesn't see or work on the host's cgroup tree.
public enum CgroupTreeFault: Sendable, Equatable, CustomStringConvertible {
  /// It is in a cgroup namespace of its own (cgroup_namespaces(7)), whose root looks like any other.
  case namespace(String)
  /// No hierarchy's root is mounted.
  case notMounted
  /// Every root is mounted read-only.
  case readOnly

  /// In words.
  public var description: String {
    switch self {
    case .namespace(let name): "it runs in a cgroup namespace of its own (\(name))"
    case .notMounted: "the host's cgroup tree isn't mounted"
    case .readOnly: "the host's cgroup tree is mounted read-only"
    }
  }

  /// Whether a cgroup that isn't found may be there nevertheless.
  public var hidesCgroups: Bool { self != .readOnly }

  /// Looks at this process.
  ///
  /// - Returns: nil where a cgroup that isn't found is really not there.
  public static func current() -> CgroupTreeFault? {
    guard let mounts = try? TextFile.text("/proc/self/mountinfo") else { return .notMounted }
    return current(mountinfo: mounts)
  }

  /// Judges this process by what its `/proc/self/mountinfo` says.
  ///
  /// - Parameter mountinfo: the text.
  /// - Returns: nil where a cgroup that isn't found is really not there.
  package static func current(mountinfo: String) -> CgroupTreeFault? {
    CgroupTreeFault(mountinfo: mountinfo, namespace: TextFile.linkTarget("/proc/self/ns/cgroup"))
  }

  /// Judges by the text of a `/proc/self/mountinfo`.
  ///
  /// - Parameters:
  ///   - mountinfo: the text.
  ///   - namespace: as `/proc/self/ns/cgroup` names it; nil where the kernel has none.
  init?(mountinfo: String, namespace: String?) {
    // The kernel gives the initial cgroup namespace this inode number (PROC_CGROUP_INIT_INO).
    if let namespace, namespace != "cgroup:[4026531835]" {
      self = .namespace(namespace)
      return
    }
    let roots = Set(CgroupMounts(mountinfo: mountinfo).hierarchies.map(\.mountPoint))
    if roots.isEmpty {
      self = .notMounted
      return
    }
    let writable = mountinfo.split(separator: "\n").contains { line in
      let fields = line.split(separator: " ")
      return fields.count > 5 && roots.contains(String(fields[4]))
        && fields[5].split(separator: ",").contains("rw")
    }
    if writable { return nil }
    self = .readOnly
  }
}
