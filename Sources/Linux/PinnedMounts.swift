import CLinux
import Glibc
import SystemPackage

/// Private mounts of directories and files, at paths that nobody else can change: what is to be mounted once more by another
/// process, such as the engine, is there what it was when it was checked.
///
/// The mounts are made in a mount namespace that is named, so that they are there for a process which lives in it.
package struct PinnedMounts: Sendable {
  /// The directory that holds them, root's alone.
  package let directory: String
  /// The process whose mount namespace they are in; nil for this one's.
  private let process: Int32?

  /// Mounts below a directory, which is made with the first.
  ///
  /// - Parameters:
  ///   - directory: an absolute path.
  ///   - process: whose mount namespace they are made in; nil for this process's.
  package init(directory: String, process: Int32?) {
    self.directory = directory
    self.process = process
  }

  /// Pins what a path leads to.
  ///
  /// - Parameters:
  ///   - path: an absolute path without links.
  ///   - name: what the mount is called in the directory.
  ///   - makes: whether directories that are missing are made.
  /// - Returns: the mount's path.
  /// - Throws: `Errno`; `tooManySymbolicLinkLevels` for a path with a link in it.
  package func pin(_ path: String, as name: String, makes: Bool) throws(Errno) -> String {
    try inSpace { space in linux_pin(space, path, directory, name, makes ? 1 : 0) }
    return "\(directory)/\(name)"
  }

  /// Takes a mount back.
  ///
  /// - Parameter name: what it is called in the directory.
  /// - Throws: `Errno`; what is gone already is no error.
  package func unpin(_ name: String) throws(Errno) {
    try inSpace { space in linux_unpin(space, directory, name) }
  }

  private func inSpace(_ body: (Int32) -> Int32) throws(Errno) {
    guard let process else {
      guard body(-1) == 0 else { throw Errno(rawValue: errno) }
      return
    }
    let space = open("/proc/\(process)/ns/mnt", O_RDONLY | O_CLOEXEC)
    guard space >= 0 else { throw Errno(rawValue: errno) }
    defer { close(space) }
    guard body(space) == 0 else { throw Errno(rawValue: errno) }
  }
}
