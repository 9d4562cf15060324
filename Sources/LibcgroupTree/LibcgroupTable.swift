import Cgroups
import PodIdentity
import Linux

/// The mounted hierarchies and what this process sees of them: read once, for a pass of the reaper.
package struct LibcgroupTable: Sendable {
  /// Removes cgroups by libcgroup where it knows the hierarchy, else by this project's own calls.
  package let folders: CgroupFolders
  /// Where this process itself lives.
  package let own: Set<String>
  /// Why the host's cgroups aren't to be seen or not to be removed.
  package let fault: CgroupTreeFault?
  /// Why libcgroup could not be used, other than that it knows none of the mounts.
  package let failure: String?
  /// The hierarchies that libcgroup works on.
  package var covered: Set<CgroupHierarchy> { Set(library.mounts.keys) }
  let library: LibcgroupTree

  /// Reads the mounts.
  ///
  /// - Throws: `Errno` if /proc can't be read.
  package static func current() throws -> LibcgroupTable {
    let mountinfo = try TextFile.text("/proc/self/mountinfo")
    let membership = try CgroupMembership.current()
    do {
      return LibcgroupTable(
        mountinfo: mountinfo, membership: membership, found: try Libcgroup.controllers(),
        failure: nil)
    } catch {
      return LibcgroupTable(
        mountinfo: mountinfo, membership: membership, found: [],
        failure: error.isNotMounted ? nil : "\(error)")
    }
  }

  /// Joins what the library found with what only the text tells.
  init(
    mountinfo: String, membership: CgroupMembership, found: [Libcgroup.Controller],
    failure: String?,
    mount: (_ controller: String, _ hierarchy: CgroupHierarchy) -> Libcgroup.Mount? =
      Libcgroup.Mount.init
  ) {
    var mounts = CgroupMounts(mountinfo: mountinfo)
    var known: [CgroupHierarchy: Libcgroup.Mount] = [:]
    for index in mounts.hierarchies.indices {
      let names = Self.names(of: mounts.hierarchies[index], found)
      // The rest is only in the text: `name=systemd`, which Debian's build of the library hides,
      // and version 2 without controllers.
      guard let first = names.first else { continue }
      // Those of version 2 differ from group to group.
      if mounts.hierarchies[index].version == .v1 { mounts.hierarchies[index].controllers = names }
      let hierarchy = mounts.hierarchies[index]
      known[hierarchy] = mount(first, hierarchy)
    }
    library = LibcgroupTree(mounts: known)
    folders = CgroupFolders(mounts: mounts, library: library)
    own = folders.own(membership: membership)
    fault = CgroupTreeFault.current(mountinfo: mountinfo)
    self.failure = failure
  }

  /// The names that the library knows a hierarchy by. It can't tell the mount of a sub-tree from
  /// that of a root, and walks the first mount that it sees: one that isn't the root's has no name
  /// here.
  private static func names(
    of hierarchy: CgroupHierarchy, _ found: [Libcgroup.Controller]
  ) -> [String] {
    found.filter { controller in
      controller.mountPoint == hierarchy.mountPoint
        && (hierarchy.version == .v2 || hierarchy.controllers.contains(controller.name))
    }.map(\.name)
  }
}
