import Compose
import Foundation
import TestSupport

/// The corpus: a file each, or a folder whose YAML files are merged in the order of their names; the
/// folders of `groups` hold more of both. A file `options` beside the YAML files holds
/// `--profile`, `--env-file` and their values.
struct CorpusCase: CustomStringConvertible, Sendable {
  let description: String
  let files: [String]
  var profiles: [String] = []
  var envFiles: [String] = []

  /// True if the files name the project themselves.
  var isNamed: Bool { description.hasPrefix("name") || description.hasPrefix("merge-name") }

  /// True where the YAML is compared too: how files are joined shows in JSON well enough.
  var isForYAML: Bool {
    !description.contains("/") || description.hasPrefix("keys/") || description.hasPrefix("yaml/")
  }

  /// The variables that the corpus uses.
  static let variables = [
    "NAME": "name", "TAG": "1.2", "EMPTY": "", "CPUS": "0.25", "MEMORY": "64m", "TTY": "true",
    "PORT": "8080", "RETRIES": "3", "SECONDS_": "30", "HOME": "/home/tester",
  ]

  private static let tests = URL(fileURLWithPath: SourceTree.path("Tests/ComposeTests"))

  static let folder = tests.appendingPathComponent("Corpus").path

  /// What Docker Compose accepts.
  static let all = cases(in: folder, group: "")

  /// What Docker Compose refuses.
  static let refused = cases(in: tests.appendingPathComponent("Refused").path, group: "")

  /// What Docker Compose 1.29.2 accepts of the format of Compose 1.
  static let legacy = cases(in: tests.appendingPathComponent("Legacy/accepted").path, group: "")

  /// What it refuses of that format.
  static let legacyRefused = cases(
    in: tests.appendingPathComponent("Legacy/refused").path, group: "")

  /// All of them.
  static let everything = all + refused + legacy + legacyRefused

  /// The folder that the case's paths resolve against.
  var directory: String { URL(fileURLWithPath: files[0]).deletingLastPathComponent().path }

  /// The options of the command line.
  var arguments: [String] {
    profiles.flatMap { ["--profile", $0] } + envFiles.flatMap { ["--env-file", $0] }
      + files.flatMap { ["-f", $0] }
  }

  /// What to load; `files` are the case's own where none are given.
  func options(files: [String]? = nil, directory: String? = nil) -> LoadOptions {
    LoadOptions(
      files: files ?? self.files, projectDirectory: directory,
      projectName: isNamed ? nil : "parity", envFiles: envFiles, profiles: profiles,
      environment: Self.variables)
  }

  private static let groups: Set = [
    "extending", "including", "keys", "merging", "profiles", "resources", "stacks", "variables",
    "versions", "yaml",
  ]

  private static func cases(in folder: String, group: String) -> [CorpusCase] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().flatMap { name -> [CorpusCase] in
      let path = "\(folder)/\(name)"
      if name.hasSuffix(".yaml") {
        return [CorpusCase(description: group + name.dropLast(5), files: [path])]
      }
      guard let parts = try? FileManager.default.contentsOfDirectory(atPath: path) else {
        return []
      }
      let files = parts.filter { $0.hasSuffix(".yaml") }.sorted().map { "\(path)/\($0)" }
      if groups.contains(name) { return cases(in: path, group: name + "/") }
      var item = CorpusCase(description: group + name, files: files)
      let words = (try? String(contentsOfFile: path + "/options", encoding: .utf8)) ?? ""
      let options = words.split(whereSeparator: \.isWhitespace).map(String.init)
      for (option, value) in zip(options, options.dropFirst()) {
        if option == "--profile" { item.profiles.append(value) }
        if option == "--env-file" { item.envFiles.append("\(path)/\(value)") }
      }
      return [item]
    }
  }
}
