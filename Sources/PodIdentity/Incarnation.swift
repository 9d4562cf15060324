import Linux

/// One process of an executor: an executor ID can be used again, an incarnation cannot.
public struct Incarnation: Sendable, Equatable, Hashable {
  /// The kernel's random ID of this boot; nil where /proc doesn't tell.
  public var bootID: String?
  /// The process ID in the host's namespace; nil where it can't be known.
  public var pid: Int32?
  /// When the process started, in clock ticks since boot (proc(5), `stat`, field 22).
  public var startTime: UInt64?

  /// Makes an incarnation from its parts.
  public init(bootID: String?, pid: Int32?, startTime: UInt64?) {
    self.bootID = bootID
    self.pid = pid
    self.startTime = startTime
  }

  /// This process. In a pid namespace of its own a process cannot know its ID on the host, in a time namespace of
  /// its own (time_namespaces(7)) not when it started by the host's clock: it has neither pid nor start time then.
  public static func current() -> Incarnation {
    let bootID = TextFile.line("/proc/sys/kernel/random/boot_id")
    guard let namespace = TextFile.linkTarget("/proc/self/ns/pid"),
      namespace == initialPIDNamespace,
      isTimeTheHosts, let stat = try? TextFile.text("/proc/self/stat"),
      let own = parse(stat: stat)
    else { return Incarnation(bootID: bootID, pid: nil, startTime: nil) }
    return Incarnation(bootID: bootID, pid: own.pid, startTime: own.startTime)
  }

  /// The kernel gives the initial pid namespace this inode number (PROC_PID_INIT_INO).
  public static let initialPIDNamespace = "pid:[4026531836]"

  /// The kernel gives the initial time namespace this inode number (PROC_TIME_INIT_INO).
  static let initialTimeNamespace = "time:[4026531834]"

  /// Whether start times in /proc are by the host's clock; a kernel without time namespaces has no other.
  static var isTimeTheHosts: Bool {
    TextFile.linkTarget("/proc/self/ns/time").map { $0 == initialTimeNamespace } ?? true
  }

  /// Reads pid, start time and state (`R`, `S`, `Z`, …) from the text of a `/proc/PID/stat`; nil where it isn't one.
  static func parse(stat: String) -> (pid: Int32, startTime: UInt64, state: Substring)? {
    // The command's name may hold spaces and parentheses: the fields go on after the last one. Bytes are looked at,
    // since some characters join the parenthesis after them to themselves.
    let bytes = stat.utf8
    guard let close = bytes.lastIndex(of: UInt8(ascii: ")")),
      let pid = Int32(Substring(bytes.prefix { $0 != UInt8(ascii: " ") }))
    else { return nil }
    let rest = bytes[bytes.index(after: close)...].split(separator: UInt8(ascii: " "))
      .map { Substring($0) }
    // The first of the rest is field 3, so field 22 is at 19.
    guard rest.count > 19, let startTime = UInt64(rest[19]) else { return nil }
    return (pid, startTime, rest[0])
  }
}

/// The host that a pod runs on.
public struct HostIdentity: Sendable, Hashable {
  /// `/etc/machine-id`, or D-Bus's copy; nil where there is neither.
  public var machineID: String?

  /// Makes a host identity.
  public init(machineID: String?) { self.machineID = machineID }

  /// This host.
  public static func current() -> HostIdentity {
    HostIdentity(
      machineID: TextFile.line("/etc/machine-id") ?? TextFile.line("/var/lib/dbus/machine-id"))
  }
}
