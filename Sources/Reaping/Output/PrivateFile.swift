import Glibc
import SystemPackage

/// Files and folders that only this program's user may write, and never through a link.
enum PrivateFile {
  /// Makes a folder of mode 0755, less the umask, with those above it, or checks one that is there.
  ///
  /// - Parameters:
  ///   - path: where.
  ///   - isPassage: whether others must get through it to a socket: what is made is 0755 whatever
  ///     the umask.
  /// - Throws: `Errno`; `permissionDenied` where others could change what lies in it.
  static func folder(_ path: String, isPassage: Bool = false) throws {
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

  /// Replaces a file's content as a whole.
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

  /// Appends a line in one write and has the disk take it. What the disk has no room for leaves
  /// nothing behind, and half a line that a crash left ends there.
  ///
  /// - Returns: the file's size afterwards.
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
