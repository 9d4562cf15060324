import Foundation
import OrderedCollections
import TestSupport
import YAML

@testable import Compose

/// A project that both sides start.
struct RunningProject: Sendable, CustomStringConvertible {
  /// The cases of the project.
  let names: [String]
  /// Its files, by path.
  let files: [String: String]
  /// Variables of both command lines.
  let environment: [String: String]
  /// The options that name the Compose files.
  let options: [String]
  /// Services whose containers exit by themselves.
  var exiting: Set<String> = []
  /// Services whose output is not shown.
  var silent: Set<String> = []
  /// True if every container exits by itself, or the first failing one stops all.
  var ends = false
  /// True if the order of all starts and exits is compared.
  var isOrdered = false

  var description: String { names.joined(separator: " ") }

  /// The project as this program reads it.
  func loaded() throws -> Project {
    let directory = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("compose-executor-test-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    for (path, text) in files {
      let file = directory.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return try ComposeLoader.load(
      LoadOptions(
        files: values(of: "-f").map { directory.path + "/" + $0 },
        projectDirectory: values(of: "--project-directory").last.map { directory.path + "/" + $0 },
        projectName: "parity",
        envFiles: values(of: "--env-file").map { directory.path + "/" + $0 },
        profiles: values(of: "--profile"), environment: environment))
  }

  private func values(of option: String) -> [String] {
    zip(options, options.dropFirst()).filter { $0.0 == option }.map(\.1)
  }

  /// The cases of `Running/projects`, one project each.
  static func all() throws -> [RunningProject] {
    try RunningText.tables(in: "projects").flatMap { table, root in
      try (root["rows"]?.mapping ?? [:]).map { name, row in
        try RunningProject(name: "\(table)-\(name)", row.value, of: root)
      }
    }
  }

  private init(name: String, _ row: YAMLNode, of table: YAMLNode) throws {
    let isText = row.string != nil
    let ends = (row["ends"] ?? table["ends"])?.boolean ?? false
    var files = (table["files"]?.texts ?? [:]).merging(row["files"]?.texts ?? [:]) { $1 }
    if let text = isText ? row.string : row["is"]?.string { files["compose.yaml"] = text }
    var options = row["options"]?.sequence?.compactMap(\.string) ?? ["-f", "compose.yaml"]
    if !ends {
      files["keeper.yml"] = "services:\n  keeper: {image: pod-test/probe, network_mode: none}\n"
      options += ["-f", "keeper.yml"]
    }
    self.init(
      names: [name], files: files,
      environment: (table["environment"]?.texts ?? [:])
        .merging(row["environment"]?.texts ?? [:]) { $1 },
      options: options, ends: ends,
      isOrdered: (row["ordered"] ?? table["ordered"])?.boolean ?? false)
  }

  init(
    names: [String], files: [String: String], environment: [String: String], options: [String],
    exiting: Set<String> = [], silent: Set<String> = [], ends: Bool = false,
    isOrdered: Bool = false
  ) {
    self.names = names
    self.files = files
    self.environment = environment
    self.options = options
    self.exiting = exiting
    self.silent = silent
    self.ends = ends
    self.isOrdered = isOrdered
  }
}

extension RunningText {
  /// The tables of a directory of `Running/`, ordered by name.
  static func tables(in directory: String) throws -> [(name: String, root: YAMLNode)] {
    let path = "\(RunningTable.directory)/\(directory)"
    return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
      .filter { $0.hasSuffix(".yaml") }
      .map { (String($0.dropLast(5)), try root(of: "\(path)/\($0)")) }
  }
}
