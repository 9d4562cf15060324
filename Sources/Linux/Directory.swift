import Glibc
import SystemPackage

/// Directories read name by name (readdir(3)).
public enum Directory {
  /// What is in a directory, without `.` and `..`, in the kernel's order. One that is removed while it is read ends
  /// there.
  ///
  /// - Parameters:
  ///   - path: the directory.
  ///   - subdirectoriesOnly: leaves out all but directories; a link to one isn't one.
  /// - Returns: the names as the kernel has them, which need not be UTF-8.
  /// - Throws: `Errno` as `opendir(3)` and `readdir(3)` give it.
  public static func names(
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

  /// The names in a directory, without `.` and `..`; what isn't UTF-8 is replaced.
  ///
  /// - Parameter path: the directory.
  /// - Returns: its names in the kernel's order.
  /// - Throws: `Errno` as `opendir(3)` and `readdir(3)` give it.
  public static func names(of path: String) throws(Errno) -> [String] {
    try names(of: FilePath(path)).map(\.string)
  }
}
