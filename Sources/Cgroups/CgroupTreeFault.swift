import PodIdentity
import Linux

/// Why this process can't see or change the host's cgroup tree.
package enum CgroupTreeFault: Sendable, Equatable, CustomStringConvertible {
  /// The process is in its own cgroup namespace (cgroup_namespaces(7)), whose root looks like the
  /// host's root.
  case namespace(String)
  /// The root of no hierarchy is mounted.
  case notMounted
  /// The root of every hierarchy is mounted read-only.
  case readOnly

  /// The description for messages.
  package var description: String {
    switch self {
    case .namespace(let name): "it runs in its own cgroup namespace (\(name))"
    case .notMounted: "the host's cgroup tree isn't mounted"
    case .readOnly: "the host's cgroup tree is mounted read-only"
    }
  }

  /// Whether cgroups may exist that this process can't find.
  package var hidesCgroups: Bool { self != .readOnly }

  /// Checks this process.
  ///
  /// - Returns: the fault; nil if there is none.
  package static func current() -> CgroupTreeFault? {
    guard let mounts = try? TextFile.text("/proc/self/mountinfo") else { return .notMounted }
    return current(mountinfo: mounts)
  }

  /// Checks this process, given its `/proc/self/mountinfo`.
  ///
  /// - Parameter mountinfo: the text.
  /// - Returns: the fault; nil if there is none.
  package static func current(mountinfo: String) -> CgroupTreeFault? {
    CgroupTreeFault(mountinfo: mountinfo, namespace: TextFile.linkTarget("/proc/self/ns/cgroup"))
  }

  /// Checks a process, given its `/proc/PID/mountinfo` and cgroup namespace.
  ///
  /// - Parameters:
  ///   - mountinfo: the text.
  ///   - namespace: the target of the link `/proc/self/ns/cgroup`; nil if the kernel has no cgroup
  ///     namespaces.
  init?(mountinfo: String, namespace: String?) {
    // The inode number of the initial cgroup namespace is constant (PROC_CGROUP_INIT_INO).
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
