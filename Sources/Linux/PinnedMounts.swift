import CLinux
import Glibc
import SystemPackage

/// Private bind mounts of directories and files, at paths that only root can change. They keep a
/// checked path unchanged until another process, such as the engine, mounts it again.
///
/// The mounts are made in a given mount namespace, so that a process in that namespace sees them.
package struct PinnedMounts: Sendable {
  /// The directory that holds the mounts. Only root can access it.
  package let directory: String
  /// The process whose mount namespace has the mounts; nil for this process.
  private let process: Int32?

  /// Describes mounts below a directory, which is created with the first mount.
  ///
  /// - Parameters:
  ///   - directory: an absolute path.
  ///   - process: the process in whose mount namespace the mounts are made; nil for this process.
  package init(directory: String, process: Int32?) {
    self.directory = directory
    self.process = process
  }

  /// Mounts a path below the directory.
  ///
  /// - Parameters:
  ///   - path: an absolute path without symbolic links.
  ///   - name: the mount's name in the directory.
  ///   - makes: whether missing directories of `path` are created.
  /// - Returns: the path of the mount.
  /// - Throws: `Errno`; `tooManySymbolicLinkLevels` if the path contains a symbolic link.
  package func pin(_ path: String, as name: String, makes: Bool) throws(Errno) -> String {
    try inSpace { space in linux_pin(space, path, directory, name, makes ? 1 : 0) }
    return "\(directory)/\(name)"
  }

  /// Removes a mount.
  ///
  /// - Parameter name: the mount's name in the directory.
  /// - Throws: `Errno`. A mount that doesn't exist is no error.
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
