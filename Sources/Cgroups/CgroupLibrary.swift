import Glibc
import SystemPackage

/// An alternative to this module's own code for listing, removing and reading cgroups, in the
/// hierarchies that it covers. Only pod-reaper has one, because it would make compose-executor
/// larger than the size limit of a release.
package protocol CgroupLibrary: Sendable {
  /// Checks whether a directory is a cgroup that the library covers.
  ///
  /// - Parameters:
  ///   - directory: the directory.
  ///   - hierarchy: the hierarchy that contains the directory.
  /// - Returns: the cgroup.
  func group(_ directory: FilePath, in hierarchy: CgroupHierarchy) -> CgroupLookup

  /// The cgroups of a tree, children before their parents.
  ///
  /// - Parameter top: the cgroup at the top, which is last in the result.
  /// - Returns: the directories, or nil if the library can't list them.
  func tree(from top: CgroupGroup) -> [FilePath]?

  /// Removes one cgroup if it has neither processes nor children.
  ///
  /// - Parameters:
  ///   - directory: its directory.
  ///   - top: the cgroup itself or an ancestor.
  /// - Returns: the result.
  func remove(_ directory: FilePath, from top: CgroupGroup) -> CgroupDeletion

  /// The first line of a file of a cgroup.
  ///
  /// - Parameters:
  ///   - file: the file's name, such as `freezer.state`.
  ///   - group: the cgroup.
  /// - Returns: the line, or nil if the library can't read it.
  func line(of file: String, in group: CgroupGroup) -> String?
}

/// A cgroup of a mounted hierarchy. Its path has neither symbolic links nor other mounts.
package struct CgroupGroup: Sendable {
  package let hierarchy: CgroupHierarchy
  package let directory: FilePath
  /// The device of the hierarchy's file system.
  package let device: dev_t

  package init(hierarchy: CgroupHierarchy, directory: FilePath, device: dev_t) {
    self.hierarchy = hierarchy
    self.directory = directory
    self.device = device
  }
}

/// The result of looking up a cgroup in a library.
package enum CgroupLookup: Sendable {
  case group(CgroupGroup)
  /// There is no such cgroup, although there may be a directory.
  case missing
  /// The library doesn't cover the hierarchy.
  case declined
}

/// The result of removing a cgroup.
package enum CgroupDeletion: Sendable, Equatable {
  /// The cgroup doesn't exist any more.
  case gone
  /// The cgroup still exists.
  case left(Errno)
  /// The library can't remove the cgroup.
  case declined
}
