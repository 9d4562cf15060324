import Glibc

/// Groups of /etc/group (group(5)). A static program can't ask the C library, which would load others.
package enum GroupID {
  /// A group's number.
  ///
  /// - Parameter text: its name, or its number.
  /// - Returns: nil where the file has no such name.
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
