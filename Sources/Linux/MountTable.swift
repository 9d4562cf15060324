/// The mounts of one mount namespace, as listed in `/proc/PID/mountinfo` (proc(5)).
package struct MountTable: Sendable {
  /// One mount.
  package struct Mount: Sendable, Equatable {
    /// The device, `MAJOR:MINOR`.
    package let device: String
    /// The path inside the file system that is mounted.
    package let root: String
    /// The mount point.
    package let point: String
    /// Whether the mount itself is read-only, independently of its file system.
    package let isReadOnly: Bool
    /// Whether the mount propagates to or from other namespaces (`shared:` or `master:`).
    package let isPropagated: Bool
  }

  /// The mounts in the kernel's order: a later mount covers an earlier one.
  package let mounts: [Mount]

  /// Parses a mount table. Malformed lines are skipped.
  ///
  /// - Parameter mountinfo: the text of a `mountinfo` file.
  package init(mountinfo: String) {
    mounts = mountinfo.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ", omittingEmptySubsequences: false)
      guard let dash = fields.firstIndex(of: "-"), dash >= 6 else { return nil }
      return Mount(
        device: String(fields[2]), root: Self.unescape(fields[3]), point: Self.unescape(fields[4]),
        isReadOnly: fields[5].split(separator: ",").contains("ro"),
        isPropagated: fields[6..<dash].contains {
          $0.hasPrefix("shared:") || $0.hasPrefix("master:")
        })
    }
  }

  /// The mount that contains a path.
  ///
  /// - Parameter path: an absolute path without symbolic links.
  /// - Returns: the mount with the longest mount point above the path; the last one if several are
  ///   equal.
  package func mount(of path: String) -> Mount? {
    var found: Mount?
    for mount in mounts where RealPath.isPath(path, atOrBelow: mount.point) {
      if mount.point.utf8.count >= found?.point.utf8.count ?? 0 { found = mount }
    }
    return found
  }

  /// The kernel escapes space, tab, newline and backslash in a path as three octal digits.
  private static func unescape(_ field: Substring) -> String {
    var bytes: [UInt8] = []
    var source = Array(field.utf8)[...]
    while let byte = source.popFirst() {
      let digits = source.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        bytes.append(value)
        source = source.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
