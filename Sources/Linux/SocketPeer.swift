import Glibc

/// The process at the other end of a connected unix socket, as the kernel knows it (unix(7), SO_PEERCRED).
package struct SocketPeer: Sendable, Equatable {
  /// Its process ID in this process's namespace; 0 where it has none there.
  package let pid: Int32
  /// Its effective user.
  package let user: uid_t
  /// Its effective group and its supplementary groups.
  package let groups: [gid_t]

  /// Asks the kernel.
  ///
  /// - Parameter socket: a connected socket.
  /// - Returns: nil where the kernel does not know.
  package static func of(_ socket: Int32) -> SocketPeer? {
    // struct ucred: pid, uid, gid.
    var credentials: [UInt32] = [0, .max, .max]
    var size = socklen_t(12)
    guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0, size == 12 else {
      return nil
    }
    let pid = Int32(bitPattern: credentials[0])
    return SocketPeer(
      pid: max(pid, 0), user: credentials[1],
      groups: [credentials[2]] + supplementaryGroups(socket, pid))
  }

  private static func supplementaryGroups(_ socket: Int32, _ pid: Int32) -> [gid_t] {
    // SO_PEERGROUPS, Linux 4.13: too small a buffer is ERANGE, and the size that it takes.
    var size = socklen_t(32 * MemoryLayout<gid_t>.size)
    for _ in 0..<2 {
      var groups = [gid_t](repeating: 0, count: Int(size) / MemoryLayout<gid_t>.size)
      if getsockopt(socket, SOL_SOCKET, 59, &groups, &size) == 0 {
        return Array(groups.prefix(Int(size) / MemoryLayout<gid_t>.size))
      }
      if errno != ERANGE { break }
    }
    guard let text = try? TextFile.text("/proc/\(pid)/status"),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Groups:") })
    else { return [] }
    return line.dropFirst("Groups:".count).split(separator: " ").compactMap {
      gid_t($0.filter(\.isNumber))
    }
  }
}
