import Glibc
import SystemPackage

/// Files and directories that only this program's user may write. Symbolic links aren't followed.
enum PrivateFile {
  /// Creates a directory and its parents with mode 0755 less the umask, or checks an existing
  /// directory.
  ///
  /// - Parameters:
  ///   - path: the path.
  ///   - isPassage: whether other users need access to a socket in it. Created directories then
  ///     have mode 0755 whatever the umask.
  /// - Throws: `Errno`; `permissionDenied` if other users could change its content.
  static func directory(_ path: String, isPassage: Bool = false) throws {
    var made = ""
    for component in path.split(separator: "/") {
      made += "/" + component
      if mkdir(made, 0o755) == 0 {
        if isPassage, chmod(made, 0o755) != 0 { throw Errno(rawValue: errno) }
      } else if errno != EEXIST {
        throw Errno(rawValue: errno)
      }
    }
    var status = stat()
    guard lstat(path, &status) == 0 else { throw Errno(rawValue: errno) }
    guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
      status.st_mode & 0o022 == 0
    else { throw Errno.permissionDenied }
  }

  /// Replaces the content of a file atomically.
  ///
  /// - Throws: `Errno`
  static func replace(_ path: String, with bytes: [UInt8]) throws {
    let temporary = "\(path).new"
    unlink(temporary)
    let file = try FileDescriptor.open(
      FilePath(temporary), .writeOnly,
      options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
      permissions: [.ownerReadWrite])
    try file.closeAfter { _ = try file.writeAll(bytes) }
    guard rename(temporary, path) == 0 else { throw Errno(rawValue: errno) }
  }

  /// Appends a line in one write and syncs it to disk. If the disk is full, the file is unchanged.
  /// If a crash left an incomplete line, the new line starts on its own line.
  ///
  /// - Returns: the new size of the file.
  /// - Throws: `Errno`
  @discardableResult
  static func append(line: [UInt8], to path: String) throws -> Int64 {
    let file = try FileDescriptor.open(
      FilePath(path), .readWrite, options: [.create, .append, .noFollow, .closeOnExec],
      permissions: [.ownerReadWrite])
    return try file.closeAfter {
      let size = try file.seek(offset: 0, from: .end)
      var last: [UInt8] = [0x0a]
      if size > 0 {
        _ = try last.withUnsafeMutableBytes {
          try file.read(fromAbsoluteOffset: size - 1, into: $0)
        }
      }
      do {
        _ = try file.writeAll((last == [0x0a] ? [] : [0x0a]) + line + [0x0a])
      } catch {
        ftruncate(file.rawValue, off_t(size))
        throw error
      }
      fdatasync(file.rawValue)
      return try file.seek(offset: 0, from: .end)
    }
  }
}
