import Glibc

/// The process that uses a port of this host, as far as /proc shows it.
package enum PortProcess: Sendable, Equatable {
  /// A process, by ID and name.
  case process(Int32, name: String)
  /// An unknown process of this user: only root can find out which one.
  case user(UInt32)

  /// Finds the process that listens on a port in this process's network namespace.
  ///
  /// - Parameters:
  ///   - port: the port.
  ///   - transport: `tcp` or `udp`.
  ///   - limit: the time limit of the search for the process.
  /// - Returns: nil if no process listens on the port. If the time limit passes, the result has the
  ///   user only.
  package static func find(
    _ port: UInt16, transport: String, within limit: Duration = .milliseconds(500)
  ) -> PortProcess? {
    let end = ContinuousClock.now + limit
    for table in [transport, transport + "6"] {
      guard let text = try? TextFile.text("/proc/net/\(table)") else { continue }
      guard let socket = Self.socket(on: port, in: text, isTCP: transport == "tcp") else {
        continue
      }
      return owner(of: socket.inode, until: end) ?? .user(socket.user)
    }
    return nil
  }

  /// The socket that is bound to a port, according to a table such as /proc/net/tcp (proc(5)).
  static func socket(
    on port: UInt16, in table: String, isTCP: Bool
  ) -> (inode: Substring, user: UInt32)? {
    let suffix =
      ":" + String(repeating: "0", count: 4 - String(port, radix: 16).count)
      + String(port, radix: 16, uppercase: true)
    for line in table.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: " ", maxSplits: 10)
      guard fields.count > 9, fields[1].hasSuffix(suffix), !isTCP || fields[3] == "0A" else {
        continue
      }
      return (fields[9], UInt32(fields[7]) ?? 0)
    }
    return nil
  }

  private static func owner(
    of inode: Substring, until end: ContinuousClock.Instant
  ) -> PortProcess? {
    let wanted = "socket:[\(inode)]"
    guard let processes = opendir("/proc") else { return nil }
    defer { closedir(processes) }
    while let entry = readdir(processes), ContinuousClock.now < end {
      guard let process = Int32(name(of: entry)) else { continue }
      guard let files = opendir("/proc/\(process)/fd") else { continue }
      defer { closedir(files) }
      while let file = readdir(files), ContinuousClock.now < end {
        guard TextFile.linkTarget("/proc/\(process)/fd/\(name(of: file))") == wanted else {
          continue
        }
        return .process(process, name: TextFile.line("/proc/\(process)/comm") ?? "")
      }
    }
    return nil
  }

  private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
    withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
  }
}
