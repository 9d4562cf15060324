import Foundation

/// A folder that exists for the length of one test.
public struct TemporaryFolder: Sendable {
  /// Its absolute path, without symbolic links.
  public let path: String

  /// The path of something in it.
  public func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, with the folders above it.
  ///
  /// - Returns: The file's path.
  /// - Throws: What Foundation throws when it can't write.
  @discardableResult
  public func write(_ name: String, _ text: String) throws -> String {
    let file = URL(fileURLWithPath: path(name))
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
    return file.path
  }

  /// Writes a program. Another process does it: what this one has open for writing while it forks can't be run for a moment
  /// (ETXTBSY).
  ///
  /// - Returns: The program's path.
  /// - Throws: What `write(_:_:)` and `Command` throw.
  @discardableResult
  public func program(_ name: String, _ text: String) async throws -> String {
    let source = try write(name + ".text", text)
    try await Command("install", ["-m", "755", source, path(name)]).output()
    return path(name)
  }
}

/// Makes a folder of mode 0700, lends it to `body`, and removes it with all that is in it.
nonisolated(nonsending) public func withTemporaryFolder<Result>(
  _ body: (TemporaryFolder) async throws -> Result
) async throws -> Result {
  let url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
    .appendingPathComponent("compose-executor-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(
    at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  defer { try? FileManager.default.removeItem(at: url) }
  return try await body(TemporaryFolder(path: url.path))
}
