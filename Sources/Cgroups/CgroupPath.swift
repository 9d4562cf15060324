import PodIdentity

/// What paths of cgroups say: whose they are, which run and which container they belong to.
package enum CgroupPath {
  /// Whether a path from a label names a cgroup that may be a run's: one that `CgroupFolders.isPath(_:)` accepts, whose
  /// last component is the run, or the run's slice. Anybody can write a label.
  package static func isRun(_ path: String, _ run: String) -> Bool {
    guard CgroupFolders.isPath(path) else { return false }
    if path.utf8.split(separator: UInt8(ascii: "/")).last?.elementsEqual(run.utf8) == true {
      return true
    }
    return PodSlice(path: path)?.run.utf8.elementsEqual(run.utf8) == true
  }

  /// Whether no agent manages it.
  package static func isOwn(_ path: String) -> Bool {
    path.hasPrefix("/\(CgroupParent.ownRoot)/") || PodSlice(path: path) != nil
  }

  /// The run that a path below a root is named after.
  package static func run(of path: String) -> String {
    PodSlice(path: path)?.run ?? path.split(separator: "/").last.map(String.init) ?? ""
  }

  /// The cgroup of a container, below a run's.
  package static func container(_ id: String, below path: String) -> String {
    "\(path)/" + (PodSlice(path: path) == nil ? id : PodSlice.scope(of: id))
  }

  /// The container that a cgroup below a run's belongs to, by its name; nil where it is not a container's.
  package static func container(named name: String, below path: String) -> String? {
    if isContainer(name) { return name }
    guard PodSlice(path: path) != nil, name.hasPrefix("docker-"), name.hasSuffix(".scope") else {
      return nil
    }
    let id = String(name.dropFirst(7).dropLast(6))
    return isContainer(id) ? id : nil
  }

  /// The directory above, without a slash at either end: one of the roots.
  package static func root(of path: String) -> String {
    path.split(separator: "/").dropLast().joined(separator: "/")
  }

  /// Whether a directory's name is a run as agents make them: a UUID.
  package static func isRunName(_ name: String) -> Bool {
    let groups = name.split(separator: "-", omittingEmptySubsequences: false)
    return groups.map(\.utf8.count) == [8, 4, 4, 4, 12]
      && groups.allSatisfy { $0.allSatisfy(\.isHexDigit) }
  }

  /// Whether a directory's name is that of a container.
  package static func isContainer(_ name: String) -> Bool {
    name.utf8.count == 64
      && name.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
      }
  }
}
