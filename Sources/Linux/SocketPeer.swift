import Glibc

/// The process at the other end of a connected unix socket, as reported by the kernel (unix(7),
/// SO_PEERCRED).
package struct SocketPeer: Sendable, Equatable {
  /// The process ID in this process's PID namespace; 0 if it has none there.
  package let pid: Int32
  /// The effective user ID.
  package let user: uid_t
  /// The effective group ID and the supplementary group IDs.
  package let groups: [gid_t]

  /// Reads the credentials of the peer.
  ///
  /// - Parameter socket: a connected socket.
  /// - Returns: nil if the kernel reports none.
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
    // SO_PEERGROUPS, Linux 4.13. A buffer that is too small gives ERANGE and the required size.
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
