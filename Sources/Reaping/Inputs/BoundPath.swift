import Glibc
import SystemPackage
import Linux

/// The file that a socket is bound to, and how to tell it from another in its place. While the
/// socket is open the kernel keeps its inode, even once the file is removed: no other file has the
/// same number.
struct BoundPath: Sendable, Equatable {
  let path: String
  private let device: dev_t
  private let inode: ino_t

  /// Binds a socket. A socket file that nobody listens on is replaced, nothing else is.
  ///
  /// - Parameters:
  ///   - file: the socket.
  ///   - path: where.
  ///   - mode: who may connect.
  /// - Throws: `Errno`; `addressInUse` where something else is there.
  init(_ file: Int32, to path: String, mode: mode_t) throws(Errno) {
    let code = UnixSocket.bind(file, to: path, mode: mode)
    guard code == 0 else { throw Errno(rawValue: code) }
    var status = stat()
    guard lstat(path, &status) == 0 else { throw Errno(rawValue: errno) }
    (self.path, device, inode) = (path, status.st_dev, status.st_ino)
  }

  /// Whether the path still leads to that file: it doesn't once the file or a directory above it is
  /// removed or renamed.
  var isInPlace: Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_dev == device && status.st_ino == inode
  }

  /// Removes the file, if it is there; another in its place stays.
  func remove() { if isInPlace { unlink(path) } }
}

/// A place that others reach this program by, which may vanish while it runs.
protocol Restorable: Sendable {
  /// Makes what is gone again.
  ///
  /// - Returns: the paths that were made.
  /// - Throws: `RestoreFailure` where that can't be done, or something else is there.
  func restore() throws(RestoreFailure) -> [String]
}

/// Why a socket or directory couldn't be made again.
struct RestoreFailure: Error, Equatable, CustomStringConvertible {
  var path: String
  var reason: Errno

  var description: String {
    reason == .addressInUse
      ? "\(path) isn't this program's any more, and something else is there: it is left alone"
      : "\(path) is gone, and can't be made: \(reason)"
  }
}
