import Glibc

/// Finds programs that run as root. The PATH of a task has no influence on the search.
public enum TrustedPrograms {
  /// The default directories.
  public static let folders = [
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
    "/usr/local/libexec/docker", "/usr/libexec/docker",
  ]

  /// The default directories in the format of PATH.
  public static let path = folders.joined(separator: ":")

  /// The path of a program.
  ///
  /// - Parameters:
  ///   - name: the program's name, without a directory.
  ///   - folders: the absolute paths of the directories to search.
  /// - Returns: the path; nil if no directory has the program.
  public static func find(_ name: String, in folders: [String]) -> String? {
    if name.contains("/") { return nil }
    return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }
}
