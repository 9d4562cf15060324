import Glibc
import SystemPackage

/// Writes a file of a user atomically: the file has either the complete new content or the old
/// content.
package enum WholeFile {
  /// Writes a file. A regular file is replaced after the new content is on disk, and keeps its
  /// permissions. A symbolic link is kept, and its target is replaced. Any other file, such as a
  /// terminal or a pipe, is written to.
  ///
  /// - Parameters:
  ///   - text: the new content.
  ///   - path: the path; its directory must exist.
  /// - Throws: `Errno`. A regular file is then unchanged.
  package static func write(_ text: String, to path: String) throws {
    var status = stat()
    let isThere = stat(path, &status) == 0
    if isThere, status.st_mode & S_IFMT != S_IFREG {
      let file = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.closeOnExec])
      return try file.closeAfter { _ = try file.writeAll(text.utf8) }
    }
    // A read-only file must not be replaced either.
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
