import Glibc

/// Finds programs for root in directories that a task's PATH has no say in.
public enum TrustedPrograms {
  /// Where programs are looked for unless the operator says otherwise.
  public static let folders = [
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
    "/usr/local/libexec/docker", "/usr/libexec/docker",
  ]

  /// These directories as a PATH.
  public static let path = folders.joined(separator: ":")

  /// Where a program is.
  ///
  /// - Parameters:
  ///   - name: its name, without a directory.
  ///   - folders: absolute paths of the directories that are looked through.
  /// - Returns: its path; nil where none of them has it.
  public static func find(_ name: String, in folders: [String]) -> String? {
    if name.contains("/") { return nil }
    return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }
}
