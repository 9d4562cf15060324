import Linux

/// One process of an executor. An executor ID can be used again, an incarnation cannot.
package struct Incarnation: Sendable, Equatable, Hashable {
  /// The kernel's random ID of this boot; nil if /proc doesn't show it.
  package var bootID: String?
  /// The process ID in the host's namespace; nil if it can't be known.
  package var pid: Int32?
  /// The start time of the process, in clock ticks since boot (proc(5), `stat`, field 22).
  package var startTime: UInt64?

  /// Creates an incarnation from its parts.
  package init(bootID: String?, pid: Int32?, startTime: UInt64?) {
    self.bootID = bootID
    self.pid = pid
    self.startTime = startTime
  }

  /// This process. In its own pid namespace a process can't know its ID on the host, and in its own
  /// time namespace (time_namespaces(7)) it can't know its start time by the host's clock. In both
  /// cases pid and start time are nil.
  package static func current() -> Incarnation {
    let bootID = TextFile.line("/proc/sys/kernel/random/boot_id")
    guard let namespace = TextFile.linkTarget("/proc/self/ns/pid"),
      namespace == initialPIDNamespace,
      usesHostTimeNamespace, let stat = try? TextFile.text("/proc/self/stat"),
      let own = parse(stat: stat)
    else { return Incarnation(bootID: bootID, pid: nil, startTime: nil) }
    return Incarnation(bootID: bootID, pid: own.pid, startTime: own.startTime)
  }

  /// The inode number of the kernel's initial pid namespace (PROC_PID_INIT_INO).
  package static let initialPIDNamespace = "pid:[4026531836]"

  /// The inode number of the kernel's initial time namespace (PROC_TIME_INIT_INO).
  static let initialTimeNamespace = "time:[4026531834]"

  /// Whether start times in /proc are by the host's clock. A kernel without time namespaces has no
  /// other.
  static var usesHostTimeNamespace: Bool {
    TextFile.linkTarget("/proc/self/ns/time").map { $0 == initialTimeNamespace } ?? true
  }

  /// Parses pid, start time and state (`R`, `S`, `Z`, …) of a `/proc/PID/stat`; nil for any other
  /// text.
  static func parse(stat: String) -> (pid: Int32, startTime: UInt64, state: Substring)? {
    // The command's name may contain spaces and parentheses, so the fields continue after the last
    // parenthesis. Compared as bytes, since a combining character after a parenthesis belongs to it
    // in Swift.
    let bytes = stat.utf8
    guard let close = bytes.lastIndex(of: UInt8(ascii: ")")),
      let pid = Int32(Substring(bytes.prefix { $0 != UInt8(ascii: " ") }))
    else { return nil }
    let rest = bytes[bytes.index(after: close)...].split(separator: UInt8(ascii: " "))
      .map { Substring($0) }
    // The first remaining field is field 3, so field 22 is at 19.
    guard rest.count > 19, let startTime = UInt64(rest[19]) else { return nil }
    return (pid, startTime, rest[0])
  }
}

/// The host on which a pod runs.
package struct HostIdentity: Sendable, Hashable {
  /// `/etc/machine-id`, or D-Bus's copy; nil if neither exists.
  package var machineID: String?

  /// Creates a host identity.
  package init(machineID: String?) { self.machineID = machineID }

  /// This host.
  package static func current() -> HostIdentity {
    HostIdentity(
      machineID: TextFile.line("/etc/machine-id") ?? TextFile.line("/var/lib/dbus/machine-id"))
  }
}
