import PodIdentity
import Linux

/// Which cgroup a process is in, hierarchy by hierarchy (cgroups(7), `/proc/PID/cgroup`).
public struct CgroupMembership: Sendable, Equatable {
  /// One line: a hierarchy and the process's place in it.
  public struct Entry: Sendable, Equatable {
    /// What the hierarchy is for: controllers, or `name=…`; empty for version 2.
    public var controllers: [String]
    /// The path below the hierarchy's root, `/` at the root.
    public var path: String
    /// True for the version 2 hierarchy.
    public var isUnified: Bool

    /// Whether it is the line of a mounted hierarchy. Controllers come in an order of the kernel's.
    func isOf(_ hierarchy: CgroupHierarchy) -> Bool {
      hierarchy.version == .v2
        ? isUnified : !isUnified && Set(controllers) == Set(hierarchy.controllers)
    }
  }
  /// The lines in the kernel's order.
  public var entries: [Entry]

  /// Reads the text of a `/proc/PID/cgroup`; lines that aren't such are passed over.
  public init(text: String) {
    entries = text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3, let number = Int(fields[0]) else { return nil }
      let controllers = fields[1].split(separator: ",").map(String.init)
      return Entry(
        controllers: controllers, path: String(fields[2]),
        isUnified: number == 0 && controllers.isEmpty)
    }
  }

  /// This process's own place.
  ///
  /// - Throws: `Errno` if /proc can't be read.
  public static func current() throws -> CgroupMembership {
    CgroupMembership(text: try TextFile.text("/proc/self/cgroup"))
  }

  /// The path in the version 1 hierarchy of a controller, or nil where there is none.
  public func path(controller: String) -> String? {
    entries.first { !$0.isUnified && $0.controllers.contains(controller) }?.path
  }

  /// The path in the version 2 hierarchy, or nil where there is none.
  public var unifiedPath: String? { entries.first { $0.isUnified }?.path }
}

/// Which version of cgroups an engine uses.
public enum CgroupVersion: String, Sendable {
  /// Each controller has a hierarchy of its own.
  case v1 = "1"
  /// One hierarchy for all controllers.
  case v2 = "2"
}

/// The cgroup that a pod's containers are put below.
public struct CgroupParent: Sendable, Equatable {
  /// The path below each hierarchy's root.
  public var path: String
  /// True if it is the executor's own Mesos cgroup, false if it was made for this pod.
  public var isMesos: Bool

  /// Where executors outside of a Mesos cgroup put their pods: no agent manages it.
  public static let ownRoot = "compose-pods"

  /// Chooses the parent for a run.
  ///
  /// It is the executor's own cgroup if that is a Mesos cgroup, one whose last component (less a `leaf`)
  /// is the run. An executor in any other group (posix launcher, a shell, some supervisor's service) gets
  /// `/compose-pods/<run>`, so that nothing of the pod lands in a group that isn't its own.
  public static func choose(
    run: String, version: CgroupVersion, membership: CgroupMembership
  ) -> CgroupParent {
    let candidates: [String?]
    switch version {
    case .v1:
      // The launcher puts an executor into the freezer, the isolators into theirs; the rest stay at `/`.
      candidates = ["freezer", "memory", "cpu"].map(membership.path(controller:))
    case .v2:
      candidates = [membership.unifiedPath]
    }
    for case let path? in candidates {
      if let parent = mesosCgroup(path, run: run) {
        return CgroupParent(path: parent, isMesos: true)
      }
    }
    return CgroupParent(path: "/\(ownRoot)/\(run)", isMesos: false)
  }

  /// The cgroup of a run that a process's cgroup is or is the leaf of; nil where it is another's.
  static func mesosCgroup(_ path: String, run: String) -> String? {
    var components = path.split(separator: "/")
    if components.last == "leaf" { components.removeLast() }
    guard components.last.map(String.init) == run, components.count > 1 else { return nil }
    return "/" + components.joined(separator: "/")
  }
}
