import Glibc
import SystemPackage

/// Lists directories (readdir(3)).
package enum Directory {
  /// The names in a directory, without `.` and `..`, in the kernel's order. If the directory is
  /// removed during the listing, the names read so far are returned.
  ///
  /// - Parameters:
  ///   - path: the directory.
  ///   - subdirectoriesOnly: whether to list directories only; symbolic links to directories are
  ///     left out too.
  /// - Returns: the names as the kernel gives them; they need not be UTF-8.
  /// - Throws: the `Errno` of `opendir(3)` or `readdir(3)`.
  package static func names(
    of path: FilePath, subdirectoriesOnly: Bool = false
  ) throws(Errno) -> [FilePath.Component] {
    guard let handle = path.withPlatformString({ opendir($0) }) else {
      throw Errno(rawValue: errno)
    }
    defer { closedir(handle) }
    var names: [FilePath.Component] = []
    errno = 0
    while let entry = readdir(handle) {
      if !subdirectoriesOnly || entry.pointee.d_type == UInt8(DT_DIR) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) {
            FilePath.Component(platformString: $0)
          }
        }
        if let name, name.kind == .regular { names.append(name) }
      }
      errno = 0
    }
    guard [0, ENOENT, ENODEV, ESRCH].contains(errno) else { throw Errno(rawValue: errno) }
    return names
  }

  /// The names in a directory, without `.` and `..`. Bytes that are not UTF-8 are replaced.
  ///
  /// - Parameter path: the directory.
  /// - Returns: the names in the kernel's order.
  /// - Throws: the `Errno` of `opendir(3)` or `readdir(3)`.
  package static func names(of path: String) throws(Errno) -> [String] {
    try names(of: FilePath(path)).map(\.string)
  }
}
