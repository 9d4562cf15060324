import PodIdentity
import Linux

/// The cgroup of a process in each hierarchy (cgroups(7), `/proc/PID/cgroup`).
package struct CgroupMembership: Sendable, Equatable {
  /// One line: a hierarchy and the cgroup of the process in it.
  package struct Entry: Sendable, Equatable {
    /// The hierarchy's controllers, or `name=…`; empty for version 2.
    package var controllers: [String]
    /// The path below the hierarchy's root; `/` for the root.
    package var path: String
    /// Whether the hierarchy has version 2.
    package var isUnified: Bool

    /// Whether the line belongs to a mounted hierarchy. The kernel lists controllers in any order.
    func isOf(_ hierarchy: CgroupHierarchy) -> Bool {
      hierarchy.version == .v2
        ? isUnified : !isUnified && Set(controllers) == Set(hierarchy.controllers)
    }
  }
  /// The lines in the kernel's order.
  package var entries: [Entry]

  /// Parses the text of `/proc/PID/cgroup`. Malformed lines are skipped.
  package init(text: String) {
    entries = text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3, let number = Int(fields[0]) else { return nil }
      let controllers = fields[1].split(separator: ",").map(String.init)
      return Entry(
        controllers: controllers, path: String(fields[2]),
        isUnified: number == 0 && controllers.isEmpty)
    }
  }

  /// The cgroups of this process.
  ///
  /// - Throws: `Errno` if /proc can't be read.
  package static func current() throws -> CgroupMembership {
    CgroupMembership(text: try TextFile.text("/proc/self/cgroup"))
  }

  /// The path in the version 1 hierarchy of a controller, or nil if there is none.
  package func path(controller: String) -> String? {
    entries.first { !$0.isUnified && $0.controllers.contains(controller) }?.path
  }

  /// The path in the version 2 hierarchy, or nil if there is none.
  package var unifiedPath: String? { entries.first { $0.isUnified }?.path }
}

/// The version of cgroups that an engine uses.
package enum CgroupVersion: String, Sendable {
  /// Each controller has its own hierarchy.
  case v1 = "1"
  /// One hierarchy for all controllers.
  case v2 = "2"
}

/// The parent cgroup of a pod's containers.
package struct CgroupParent: Sendable, Equatable {
  /// The path below each hierarchy's root.
  package var path: String
  /// Whether it is the executor's own Mesos cgroup. If not, it was created for this pod.
  package var isMesos: Bool

  /// The parent of the pods' cgroups of executors outside of a Mesos cgroup. No agent manages it.
  package static let ownRoot = "compose-pods"

  /// Chooses the parent for a run.
  ///
  /// It is the executor's own cgroup if that is a Mesos cgroup: the last component of its path,
  /// after removal of a `leaf`, is the run. An executor in any other cgroup (posix launcher, a
  /// shell, a supervisor's service) gets `/compose-pods/<run>`, so that no container of the pod is
  /// in a cgroup that belongs to others.
  package static func choose(
    run: String, version: CgroupVersion, membership: CgroupMembership
  ) -> CgroupParent {
    let candidates: [String?]
    switch version {
    case .v1:
      // The launcher moves an executor into a freezer cgroup, and the isolators into cgroups of
      // their controllers; in all other hierarchies it stays in `/`.
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

  /// The cgroup of a run that equals `path` or is the parent of the leaf `path`; nil if `path`
  /// doesn't belong to the run.
  static func mesosCgroup(_ path: String, run: String) -> String? {
    var components = path.split(separator: "/")
    if components.last == "leaf" { components.removeLast() }
    guard components.last.map(String.init) == run, components.count > 1 else { return nil }
    return "/" + components.joined(separator: "/")
  }
}
