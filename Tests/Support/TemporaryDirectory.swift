import Foundation

/// A directory that exists for the duration of one test.
package struct TemporaryDirectory: Sendable {
  /// The absolute path, without symbolic links.
  package let path: String

  /// The path of an entry of the directory.
  package func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and creates its parent directories.
  ///
  /// - Returns: The path of the file.
  /// - Throws: The errors of Foundation if it can't write.
  @discardableResult
  package func write(_ name: String, _ text: String) throws -> String {
    let file = URL(fileURLWithPath: path(name))
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
    return file.path
  }

  /// Writes a program through another process. A file that this process has open for writing while
  /// it forks can't be executed for a moment (ETXTBSY).
  ///
  /// - Returns: The path of the program.
  /// - Throws: The errors of `write(_:_:)` and `Command`.
  @discardableResult
  package func program(_ name: String, _ text: String) async throws -> String {
    let source = try write(name + ".text", text)
    return try await copyProgram(name, from: source)
  }

  /// Copies a program through another process, for the same reason as ``program(_:_:)``.
  ///
  /// - Returns: The path of the copy.
  /// - Throws: The errors of `Command`.
  @discardableResult
  package func copyProgram(_ name: String, from source: String) async throws -> String {
    try await Command("install", ["-m", "755", source, path(name)]).output()
    return path(name)
  }
}

/// Creates a directory with mode 0700, passes it to `body`, and removes it with its content.
nonisolated(nonsending) package func withTemporaryDirectory<Result>(
  _ body: (TemporaryDirectory) async throws -> Result
) async throws -> Result {
  let url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
    .appendingPathComponent("compose-executor-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(
    at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  defer { try? FileManager.default.removeItem(at: url) }
  return try await body(TemporaryDirectory(path: url.path))
}
