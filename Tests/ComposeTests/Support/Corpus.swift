import Compose
import Foundation
import TestSupport

/// A case of the corpus: a file, or a directory whose YAML files are merged in the order of their
/// names. The directories of `groups` contain further cases. A file `options` beside the YAML files
/// has `--profile` and `--env-file` options with their values.
struct CorpusCase: CustomStringConvertible, Sendable {
  let description: String
  let files: [String]
  var profiles: [String] = []
  var envFiles: [String] = []

  /// Whether the files themselves set the project's name.
  var isNamed: Bool { description.hasPrefix("name") || description.hasPrefix("merge-name") }

  /// Whether the YAML is compared too. For merging files, JSON is sufficient.
  var isForYAML: Bool {
    !description.contains("/") || description.hasPrefix("keys/") || description.hasPrefix("yaml/")
  }

  /// The variables of the corpus.
  static let variables = [
    "NAME": "name", "TAG": "1.2", "EMPTY": "", "CPUS": "0.25", "MEMORY": "64m", "TTY": "true",
    "PORT": "8080", "RETRIES": "3", "SECONDS_": "30", "HOME": "/home/tester",
  ]

  private static let tests = URL(fileURLWithPath: SourceTree.path("Tests/ComposeTests"))

  static let directory = tests.appendingPathComponent("Corpus").path

  /// The cases that Docker Compose accepts.
  static let all = cases(in: directory, group: "")

  /// The cases that Docker Compose refuses.
  static let refused = cases(in: tests.appendingPathComponent("Refused").path, group: "")

  /// The cases in the format of Compose 1 that Docker Compose 1.29.2 accepts.
  static let legacy = cases(in: tests.appendingPathComponent("Legacy/accepted").path, group: "")

  /// The cases in that format that Docker Compose 1.29.2 refuses.
  static let legacyRefused = cases(
    in: tests.appendingPathComponent("Legacy/refused").path, group: "")

  /// The cases of all these sets.
  static let everything = all + refused + legacy + legacyRefused

  /// The directory to which the paths of the case are relative.
  var directory: String { URL(fileURLWithPath: files[0]).deletingLastPathComponent().path }

  /// The options for the command line.
  var arguments: [String] {
    profiles.flatMap { ["--profile", $0] } + envFiles.flatMap { ["--env-file", $0] }
      + files.flatMap { ["-f", $0] }
  }

  /// The options for loading. The default of `files` is the case's own files.
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

  private static func cases(in directory: String, group: String) -> [CorpusCase] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.sorted().flatMap { name -> [CorpusCase] in
      let path = "\(directory)/\(name)"
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
