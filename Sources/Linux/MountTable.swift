/// The mounts of one mount namespace, as `/proc/PID/mountinfo` lists them (proc(5)).
package struct MountTable: Sendable {
  /// One mount.
  package struct Mount: Sendable, Equatable {
    /// Its device, `MAJOR:MINOR`.
    package let device: String
    /// The directory of its file system that is mounted.
    package let root: String
    /// Where it is mounted.
    package let point: String
    /// Whether nothing can be written by it, whatever its file system permits.
    package let isReadOnly: Bool
    /// Whether other namespaces may have it too: it is shared, or was propagated to here.
    package let isPropagated: Bool
  }

  /// The mounts in the kernel's order: a later one covers an earlier one.
  package let mounts: [Mount]

  /// Reads a table; a line that can't be understood is passed over.
  ///
  /// - Parameter mountinfo: the text.
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

  /// The mount that a path is in.
  ///
  /// - Parameter path: an absolute path without links.
  /// - Returns: the last one with the longest path above it.
  package func mount(of path: String) -> Mount? {
    var found: Mount?
    for mount in mounts where RealPath.isPath(path, atOrBelow: mount.point) {
      if mount.point.utf8.count >= found?.point.utf8.count ?? 0 { found = mount }
    }
    return found
  }

  /// The kernel writes space, tab, newline and backslash in a path as three octal digits.
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
