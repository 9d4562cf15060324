import Glibc
import Linux
import PodIdentity

/// The reason why an executor has no control socket: one line for its log.
package struct ControlFault: Error, CustomStringConvertible {
  package let description: String

  init(_ path: String, _ reason: String) { description = "no control socket: \(path) \(reason)" }

  init(_ path: String, errno code: Int32) {
    self.init(path, "can't be made: \(String(cString: strerror(code)))")
  }
}

/// The directory of the control sockets of all executors.
package enum ControlDirectory {
  /// Creates the directory and its parent, and gives a group access.
  ///
  /// - Parameters:
  ///   - path: the directory.
  ///   - group: the group whose members get access to the sockets; nil leaves the group and mode of
  ///     an existing directory unchanged.
  /// - Throws: `ControlFault` where another user could replace a socket.
  package static func prepare(_ path: String, group: gid_t?) throws(ControlFault) {
    let above = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    try make(above, mode: 0o711, group: nil)
    try make(path, mode: group == nil ? 0o700 : 0o750, group: group)
  }

  private static func make(_ path: String, mode: mode_t, group: gid_t?) throws(ControlFault) {
    let isNew = mkdir(path, mode) == 0
    guard isNew || errno == EEXIST else { throw ControlFault(path, errno: errno) }
    let file = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard file >= 0 else { throw ControlFault(path, errno: errno) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw ControlFault(path, errno: errno) }
    guard status.st_uid == 0 || status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
      throw ControlFault(path, "belongs to another user, or others can write to it")
    }
    guard status.st_uid == geteuid() else { return }
    // The umask may have removed permissions. The code that pins mounts (pins.c) creates the parent
    // directory without permissions for others.
    let all = (status.st_mode & 0o7777) | mode
    if let group, status.st_gid != group, fchown(file, uid_t.max, group) != 0 {
      throw ControlFault(path, errno: errno)
    }
    if all != status.st_mode & 0o7777 { fchmod(file, all) }
  }

  /// Removes the sockets of executors whose process is gone. It removes nothing else, and nothing
  /// where the process table can hide a process. A socket whose name contains no process is removed
  /// when no process listens on it.
  ///
  /// - Parameter path: the directory.
  /// - Returns: the paths of the removed sockets.
  package static func removeAbandoned(
    in path: String = ControlSocket.standardDirectory
  ) -> [String] {
    let sockets = ControlSocket.all(in: path)
    if sockets.isEmpty { return [] }
    let seesProcesses = ProcessTableCheck.failure() == nil
    return sockets.compactMap { socket in
      var status = stat()
      guard lstat(socket.path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK,
        socket.pid == nil
          ? UnixSocket.isAbandoned(socket.path) : seesProcesses && socket.isAbandoned,
        unlink(socket.path) == 0
      else { return nil }
      return socket.path
    }
  }
}
