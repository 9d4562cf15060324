import Glibc
import SystemPackage

/// Another way to list, remove and read groups than this module's own calls, for the hierarchies it
/// covers. Only pod-reaper has one: it would make compose-executor larger than a release may be.
package protocol CgroupLibrary: Sendable {
  /// Looks whether a directory is a group that the library works on.
  ///
  /// - Parameters:
  ///   - folder: the directory.
  ///   - hierarchy: the hierarchy whose mount point it is below.
  /// - Returns: the group.
  func group(_ folder: FilePath, in hierarchy: CgroupHierarchy) -> CgroupLookup

  /// The groups of a tree, children before their parents.
  ///
  /// - Parameter top: the group at the top, which comes last.
  /// - Returns: the directories, or nil where the library can't list them.
  func tree(from top: CgroupGroup) -> [FilePath]?

  /// Removes one group if it holds neither processes nor groups.
  ///
  /// - Parameters:
  ///   - folder: its directory.
  ///   - top: a group that it is, or is below.
  /// - Returns: what became of it.
  func remove(_ folder: FilePath, from top: CgroupGroup) -> CgroupDeletion

  /// The first line of one of a group's files.
  ///
  /// - Parameters:
  ///   - file: the file's name, such as `freezer.state`.
  ///   - group: the group.
  /// - Returns: the line, or nil where the library can't read it.
  func line(of file: String, in group: CgroupGroup) -> String?
}

/// A group of a mounted hierarchy, reached by neither a link nor another mount.
package struct CgroupGroup: Sendable {
  package let hierarchy: CgroupHierarchy
  package let folder: FilePath
  /// The device of the hierarchy's file system.
  package let device: dev_t

  package init(hierarchy: CgroupHierarchy, folder: FilePath, device: dev_t) {
    self.hierarchy = hierarchy
    self.folder = folder
    self.device = device
  }
}

/// What a library finds in the place of a group.
package enum CgroupLookup: Sendable {
  case group(CgroupGroup)
  /// There is none, though there may be a directory.
  case missing
  /// The library doesn't cover the hierarchy.
  case declined
}

/// What became of a group that was to be removed.
package enum CgroupDeletion: Sendable, Equatable {
  /// It doesn't exist any more.
  case gone
  /// It still exists.
  case left(Errno)
  /// The library can't remove it.
  case declined
}
