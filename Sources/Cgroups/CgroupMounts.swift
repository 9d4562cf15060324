import PodIdentity
import Linux

/// One mounted cgroup hierarchy.
package struct CgroupHierarchy: Sendable, Equatable, Hashable {
  /// The mount point of its root.
  package var mountPoint: String
  /// Its controllers, or `name=…`; empty for version 2.
  package var controllers: [String]
  /// Version 1 or 2.
  package var version: CgroupVersion

  /// The name of the hierarchy in messages.
  package var name: String { controllers.isEmpty ? "unified" : controllers.joined(separator: ",") }
}

/// The mounted cgroup hierarchies, including named ones and version 2, from `/proc/self/mountinfo`.
/// /proc/self/cgroup is not used, because it also lists hierarchies that aren't mounted.
package struct CgroupMounts: Sendable, Equatable {
  /// Each hierarchy once, in the order of the mounts.
  package var hierarchies: [CgroupHierarchy]

  /// Parses the text of `/proc/PID/mountinfo` (proc(5)). Mounts of a subdirectory of a hierarchy
  /// are skipped.
  package init(mountinfo: String) {
    var seen: Set<Set<String>> = []
    hierarchies = mountinfo.split(separator: "\n").compactMap { line in
      // A mount without a source name has an empty field.
      let fields = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3 else {
        return nil
      }
      let type = fields[dash + 1]
      guard type == "cgroup" || type == "cgroup2", fields[3] == "/" else { return nil }
      let version: CgroupVersion = type == "cgroup2" ? .v2 : .v1
      let controllers = version == .v2 ? [] : Self.controllers(options: fields[dash + 3])
      guard seen.insert(Set(controllers)).inserted else { return nil }
      return CgroupHierarchy(
        mountPoint: Self.unescape(fields[4]), controllers: controllers, version: version)
    }
  }

  /// The hierarchies that this process can access.
  ///
  /// - Throws: `Errno` if /proc can't be read.
  package static func current() throws -> CgroupMounts {
    CgroupMounts(mountinfo: try TextFile.text("/proc/self/mountinfo"))
  }

  /// The controllers among the superblock options, and `name=…`. Other options have a value, such
  /// as `release_agent=` and `nsroot=` (Ubuntu 16.04's kernel), or are known flags.
  private static func controllers(options: String) -> [String] {
    var isQuoted = false
    let parts = options.split { character in
      // A quoted security context may contain commas.
      if character == "\"" { isQuoted.toggle() }
      return character == "," && !isQuoted
    }
    return parts.map(String.init).filter { option in
      option.hasPrefix("name=") || !(option.contains("=") || flags.contains(option))
    }
  }

  private static let flags: Set<String> = [
    "rw", "ro", "sync", "dirsync", "mand", "lazytime", "nosuid", "nodev", "noexec", "relatime",
    "seclabel", "xattr", "clone_children", "noprefix", "sane_behavior", "cpuset_v2_mode",
    "favordynmods",
  ]

  /// The kernel escapes space, tab, newline and backslash in a path as three octal digits.
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
