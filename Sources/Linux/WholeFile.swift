import Glibc
import SystemPackage

/// Files of a user's that a program writes: complete, or as they were.
public enum WholeFile {
  /// Writes a file. A regular file is replaced at once when everything is on the disk, and keeps its permissions; a link keeps
  /// leading to it. What can't be replaced, such as a terminal or a pipe, is written to.
  ///
  /// - Parameters:
  ///   - text: what is to be in it.
  ///   - path: where; its directory must be there.
  /// - Throws: `Errno`; the file is as it was then.
  public static func write(_ text: String, to path: String) throws {
    var status = stat()
    let isThere = stat(path, &status) == 0
    if isThere, status.st_mode & S_IFMT != S_IFREG {
      let file = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.closeOnExec])
      return try file.closeAfter { _ = try file.writeAll(text.utf8) }
    }
    // What a file that may not be written to forbids isn't done by replacing it.
    if isThere, access(path, W_OK) != 0 { throw Errno(rawValue: errno) }
    let target = isThere ? RealPath.of(path) : path
    let temporary = "\(target).\(getpid())~"
    let file = try FileDescriptor.open(
      FilePath(temporary), .writeOnly,
      options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
      permissions: FilePermissions(rawValue: 0o666))
    do {
      try file.closeAfter {
        if isThere, fchmod(file.rawValue, status.st_mode & 0o7777) != 0 {
          throw Errno(rawValue: errno)
        }
        try file.writeAll(text.utf8)
        guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
      }
      guard rename(temporary, target) == 0 else { throw Errno(rawValue: errno) }
    } catch {
      unlink(temporary)
      throw error
    }
  }
}
