import Cgroups
import PodIdentity
import Linux

/// The mounted hierarchies, and what this process can access in them. They are read once per pass
/// of the reaper.
package struct LibcgroupTable: Sendable {
  /// Removes cgroups with libcgroup if it knows the hierarchy, otherwise with this project's own
  /// code.
  package let tree: CgroupTree
  /// The directories of this process's own cgroups and of their ancestors.
  package let own: Set<String>
  /// Why the host's cgroups can't be read or removed.
  package let fault: CgroupTreeFault?
  /// Why libcgroup could not be used; nil also if it merely knows none of the mounts.
  package let failure: String?
  /// The hierarchies that libcgroup covers.
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

  /// Combines the library's controllers with the hierarchies of `mountinfo`.
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
      // The other hierarchies are only in `mountinfo`: `name=systemd`, which Debian's build of the
      // library hides, and version 2 without controllers.
      guard let first = names.first else { continue }
      // The controllers of version 2 differ between cgroups.
      if mounts.hierarchies[index].version == .v1 { mounts.hierarchies[index].controllers = names }
      let hierarchy = mounts.hierarchies[index]
      known[hierarchy] = mount(first, hierarchy)
    }
    library = LibcgroupTree(mounts: known)
    tree = CgroupTree(mounts: mounts, library: library)
    own = tree.own(membership: membership)
    fault = CgroupTreeFault.current(mountinfo: mountinfo)
    self.failure = failure
  }

  /// The names of a hierarchy in the library. The library can't distinguish a mount of a
  /// subdirectory from a mount of the root, and uses the first mount of a hierarchy. If that isn't
  /// the root's mount, the hierarchy has no names here.
  private static func names(
    of hierarchy: CgroupHierarchy, _ found: [Libcgroup.Controller]
  ) -> [String] {
    found.filter { controller in
      controller.mountPoint == hierarchy.mountPoint
        && (hierarchy.version == .v2 || hierarchy.controllers.contains(controller.name))
    }.map(\.name)
  }
}
