import Glibc

/// Finds programs that run as root. The PATH of a task has no influence on the search.
package enum TrustedPrograms {
  /// The default directories.
  package static let directories = [
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
    "/usr/local/libexec/docker", "/usr/libexec/docker",
  ]

  /// The default directories in the format of PATH.
  package static let path = directories.joined(separator: ":")

  /// The path of a program.
  ///
  /// - Parameters:
  ///   - name: the program's name, without a directory.
  ///   - directories: the absolute paths of the directories to search.
  /// - Returns: the path; nil if no directory has the program.
  package static func find(_ name: String, in directories: [String]) -> String? {
    if name.contains("/") { return nil }
    return directories.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }
}
