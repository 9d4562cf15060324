import Glibc

/// Looks up groups in /etc/group (group(5)). A static program can't use the C library for this,
/// because it would load the host's libraries.
package enum GroupID {
  /// The ID of a group.
  ///
  /// - Parameter text: the group's name or ID.
  /// - Returns: nil if /etc/group has no such name.
  package static func of(_ text: String) -> gid_t? { of(text, in: "/etc/group") }

  static func of(_ text: String, in file: String) -> gid_t? {
    if let number = gid_t(text) { return number == .max ? nil : number }
    for line in ((try? TextFile.text(file)) ?? "").split(separator: "\n") {
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      if fields.count >= 3, fields[0] == text { return gid_t(fields[2]) }
    }
    return nil
  }
}
