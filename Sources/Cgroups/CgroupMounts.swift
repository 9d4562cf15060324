import PodIdentity

/// One mounted cgroup hierarchy.
public struct CgroupHierarchy: Sendable, Equatable, Hashable {
  /// Where its root is mounted.
  public var mountPoint: String
  /// Its controllers, or `name=…`; empty for version 2.
  public var controllers: [String]
  /// Version 1 or 2.
  public var version: CgroupVersion

  /// What it is called in messages.
  public var name: String { controllers.isEmpty ? "unified" : controllers.joined(separator: ",") }
}

/// The cgroup hierarchies that are mounted, named ones and version 2 among them, from
/// `/proc/self/mountinfo`: /proc/self/cgroup names hierarchies that aren't mounted anywhere.
public struct CgroupMounts: Sendable, Equatable {
  /// Each hierarchy once, in the order of the mounts.
  public var hierarchies: [CgroupHierarchy]

  /// Reads the text of a `/proc/PID/mountinfo` (proc(5)); mounts of a hierarchy's subfolder are passed over.
  public init(mountinfo: String) {
    var seen: Set<[String]> = []
    hierarchies = mountinfo.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ").map(String.init)
      guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3 else {
        return nil
      }
      let type = fields[dash + 1]
      guard type == "cgroup" || type == "cgroup2", fields[3] == "/" else { return nil }
      let version: CgroupVersion = type == "cgroup2" ? .v2 : .v1
      // The super block's options hold the controllers among flags such as `rw`.
      let options = fields[dash + 3].split(separator: ",").map(String.init)
      let controllers =
        version == .v2
        ? []
        : options.filter { !Self.flags.contains($0) }
          .filter { !$0.hasPrefix("release_agent=") }
      guard seen.insert(controllers).inserted else { return nil }
      return CgroupHierarchy(
        mountPoint: Self.unescape(fields[4]), controllers: controllers, version: version)
    }
  }

  /// The hierarchies that this process sees.
  ///
  /// - Throws: `Errno` if /proc can't be read.
  public static func current() throws -> CgroupMounts {
    CgroupMounts(mountinfo: try KernelFile.text("/proc/self/mountinfo"))
  }

  private static let flags: Set<String> = [
    "rw", "ro", "xattr", "clone_children", "noprefix", "cpuset_v2_mode", "nosuid", "nodev",
    "noexec",
    "relatime", "seclabel",
  ]

  /// The kernel writes space, tab, newline and backslash in a path as three octal digits.
  private static func unescape(_ field: String) -> String {
    var bytes: [UInt8] = []
    let source = Array(field.utf8)
    var index = 0
    while index < source.count {
      if source[index] == UInt8(ascii: "\\"), index + 3 < source.count,
        let value = UInt8(String(decoding: source[index + 1...index + 3], as: UTF8.self), radix: 8)
      {
        bytes.append(value)
        index += 4
      } else {
        bytes.append(source[index])
        index += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
