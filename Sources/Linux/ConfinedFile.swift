import CLinux
import Glibc
import SystemPackage

/// Opens files only inside given directories, even if symbolic links on the path change meanwhile.
package enum ConfinedFile {
  /// Opens a file for reading if it is in one of the directories. A file in ``HostDirectory`` is
  /// always refused.
  ///
  /// The location is read from the opened descriptor, so no other file can be substituted between
  /// the check and the use. Until the check passes, the file is open with O_PATH only, which has no
  /// effect on devices and pipes. Opening the path one component at a time (openat2(2)) would give
  /// the same guarantee, but needs Linux 5.6.
  ///
  /// - Parameters:
  ///   - path: the path, which may contain symbolic links.
  ///   - directories: the real paths of the directories.
  /// - Returns: a descriptor, which the caller closes.
  /// - Throws: `Errno`: `improperLink` if the file is outside the directories, or would be if it
  ///   existed; `isDirectory` for a directory; `invalidArgument` for any other file that is not
  ///   regular; otherwise the error of `open(2)`.
  package static func open(_ path: String, within directories: [String]) throws(Errno) -> Int32 {
    let location = linux_open_path(path)
    guard location >= 0 else {
      let error = Errno(rawValue: errno)
      // No file has such a long path, and resolving it would take long.
      guard path.utf8.count <= RealPath.longest else { throw error }
      // The error must not reveal whether a file exists outside the directories.
      let real = RealPath.of(path)
      guard isWithin(directories, real) else { throw .improperLink }
      throw error
    }
    defer { close(location) }
    let name = "/proc/self/fd/\(location)"
    guard let real = TextFile.linkTarget(name), isWithin(directories, real) else {
      throw .improperLink
    }
    // A container may have put a device there, which can have an effect as soon as it is opened.
    var status = stat()
    guard fstat(location, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw status.st_mode & S_IFMT == S_IFDIR ? .isDirectory : .invalidArgument
    }
    let descriptor = Glibc.open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    return descriptor
  }

  private static func isWithin(_ directories: [String], _ real: String) -> Bool {
    directories.contains { RealPath.isPath(real, atOrBelow: $0) } && !HostDirectory.contains(real)
  }
}
