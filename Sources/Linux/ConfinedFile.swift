import CLinux
import Glibc
import SystemPackage

/// Files that may only be in some directories, whoever changes links on the way to them.
public enum ConfinedFile {
  /// Opens a file for reading if it is in one of the directories, and not in ``HostDirectory``, which no list of directories
  /// means.
  ///
  /// Where it is is asked of the opened file itself, so that between the check and the use nobody can put another in its
  /// place; and before the check nothing is done to it that a device or a pipe would notice. A path that is opened one
  /// component at a time (openat2(2), Linux 5.6) would promise the same, on newer kernels alone.
  ///
  /// - Parameters:
  ///   - path: the path, which may lead over links.
  ///   - directories: the real paths of the directories.
  /// - Returns: a descriptor, to be closed by the caller.
  /// - Throws: `Errno`: `improperLink` for a file that is elsewhere, or would be if it were there; `invalidArgument` for
  ///   what is no regular file; else as `open(2)` gives it.
  public static func open(_ path: String, within directories: [String]) throws(Errno) -> Int32 {
    let place = linux_open_path(path)
    guard place >= 0 else {
      let error = Errno(rawValue: errno)
      // No file has such a path, and to look where it leads would take long.
      guard path.utf8.count <= RealPath.longest else { throw error }
      // Whether there is a file elsewhere is nobody's to know.
      let real = RealPath.of(path)
      guard isWithin(directories, real) else { throw .improperLink }
      throw error
    }
    defer { close(place) }
    let name = "/proc/self/fd/\(place)"
    guard let real = TextFile.linkTarget(name), isWithin(directories, real) else {
      throw .improperLink
    }
    // A container may have made a device there, which does something as soon as it is opened.
    var status = stat()
    guard fstat(place, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
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
