import Compose
import Foundation
import YAML

/// A temporary directory with files, which is removed when the test ends.
final class Directory {
  let path: String

  init(_ files: [String: String] = [:]) throws {
    let created = FileManager.default.temporaryDirectory
      .appendingPathComponent("compose-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: created, withIntermediateDirectories: true)
    path = created.resolvingSymlinksInPath().path
    for (name, text) in files { try write(name, text) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws {
    let file = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// Loads a text as `compose.yaml` in its own directory.
func load(
  _ text: String, environment: [String: String] = [:], others: [String: String] = [:],
  confine: Bool = false
) throws -> Project {
  let directory = try Directory(others)
  try directory.write("compose.yaml", text)
  return try ComposeLoader.load(
    LoadOptions(
      files: [directory.file("compose.yaml")], projectName: "test", environment: environment,
      confine: confine))
}

/// The error of a text, as `line:column: message`. `it loaded` if there is none.
func refusal(
  of text: String, environment: [String: String] = [:], others: [String: String] = [:],
  confine: Bool = false
) throws -> String {
  do {
    _ = try load(text, environment: environment, others: others, confine: confine)
    return "it loaded"
  } catch let error as DiagnosticError {
    guard let position = error.position else { return error.message }
    let file = URL(fileURLWithPath: position.file).lastPathComponent
    let location = "\(position.line):\(position.column)"
    return (file == "compose.yaml" ? location : "\(file):\(location)") + ": \(error.message)"
  }
}
