import Glibc
import SystemPackage
import Linux

/// The file that a socket is bound to, with its identity. While the socket is open the kernel keeps
/// the inode, even after the file is removed, so no other file has the same inode number.
struct BoundPath: Sendable, Equatable {
  let path: String
  private let device: dev_t
  private let inode: ino_t

  /// Binds a socket. A socket file without a listener is replaced; any other file is not.
  ///
  /// - Parameters:
  ///   - file: the socket.
  ///   - path: the path.
  ///   - mode: the permissions of the socket file.
  /// - Throws: `Errno`; `addressInUse` if another file is at the path.
  init(_ file: Int32, to path: String, mode: mode_t) throws(Errno) {
    let code = UnixSocket.bind(file, to: path, mode: mode)
    guard code == 0 else { throw Errno(rawValue: code) }
    var status = stat()
    guard lstat(path, &status) == 0 else { throw Errno(rawValue: errno) }
    (self.path, device, inode) = (path, status.st_dev, status.st_ino)
  }

  /// Whether the path still leads to that file. It doesn't if the file or a parent directory was
  /// removed or renamed.
  var isInPlace: Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_dev == device && status.st_ino == inode
  }

  /// Removes the file if it exists. Another file at the path is not removed.
  func remove() { if isInPlace { unlink(path) } }
}

/// A socket or directory by which others reach this program. It can be removed while the program
/// runs.
protocol Restorable: Sendable {
  /// Creates the missing parts again.
  ///
  /// - Returns: the paths that were created.
  /// - Throws: `RestoreFailure` if that fails, or another file is at a path.
  func restore() throws(RestoreFailure) -> [String]
}

/// Why a socket or directory couldn't be created again.
struct RestoreFailure: Error, Equatable, CustomStringConvertible {
  var path: String
  var reason: Errno

  var description: String {
    reason == .addressInUse
      ? "\(path) was replaced by another program, so it is left alone"
      : "\(path) was removed, and can't be created again: \(reason)"
  }
}
