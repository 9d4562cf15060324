import PodIdentity

/// Interprets paths of cgroups: their root, run and container.
package enum CgroupPath {
  /// Whether a path from a label can be the cgroup of a run: `CgroupTree.isPath(_:)` accepts it,
  /// and its last component is the run or the run's slice. The check is needed because anybody can
  /// write a label.
  package static func isRun(_ path: String, _ run: String) -> Bool {
    guard CgroupTree.isPath(path) else { return false }
    if path.utf8.split(separator: UInt8(ascii: "/")).last?.elementsEqual(run.utf8) == true {
      return true
    }
    return PodSlice(path: path)?.run.utf8.elementsEqual(run.utf8) == true
  }

  /// Whether the path is not managed by an agent.
  package static func isOwn(_ path: String) -> Bool {
    path.hasPrefix("/\(CgroupParent.ownRoot)/") || PodSlice(path: path) != nil
  }

  /// The run in the last component of a path below a root.
  package static func run(of path: String) -> String {
    PodSlice(path: path)?.run ?? path.split(separator: "/").last.map(String.init) ?? ""
  }

  /// The cgroup of a container below the cgroup of a run.
  package static func container(_ id: String, below path: String) -> String {
    "\(path)/" + (PodSlice(path: path) == nil ? id : PodSlice.scope(of: id))
  }

  /// The ID of the container with this cgroup name below the cgroup of a run; nil for the name of
  /// anything else.
  package static func container(named name: String, below path: String) -> String? {
    if isContainer(name) { return name }
    guard PodSlice(path: path) != nil, name.hasPrefix("docker-"), name.hasSuffix(".scope") else {
      return nil
    }
    let id = String(name.dropFirst(7).dropLast(6))
    return isContainer(id) ? id : nil
  }

  /// The parent of the path, without a slash at either end: one of the roots.
  package static func root(of path: String) -> String {
    path.split(separator: "/").dropLast().joined(separator: "/")
  }

  /// Whether the name of a directory is a run as agents create them: a UUID.
  package static func isRunName(_ name: String) -> Bool {
    let groups = name.split(separator: "-", omittingEmptySubsequences: false)
    return groups.map(\.utf8.count) == [8, 4, 4, 4, 12]
      && groups.allSatisfy { $0.allSatisfy(\.isHexDigit) }
  }

  /// Whether the name of a directory is a container ID.
  package static func isContainer(_ name: String) -> Bool {
    name.utf8.count == 64
      && name.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
      }
  }
}
