import Foundation

/// The corpus: a file each, or a folder whose YAML files are merged in the order of their names.
struct CorpusCase: CustomStringConvertible, Sendable {
  let description: String
  let files: [String]

  /// True if the files name the project themselves.
  var isNamed: Bool { description.hasPrefix("name") || description.hasPrefix("merge-name") }

  /// The variables that the corpus uses.
  static let variables = [
    "NAME": "name", "TAG": "1.2", "EMPTY": "", "CPUS": "0.25", "MEMORY": "64m", "TTY": "true",
    "PORT": "8080", "RETRIES": "3", "SECONDS_": "30",
  ]

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Corpus").path

  static let all: [CorpusCase] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap { name in
      let path = "\(folder)/\(name)"
      if name.hasSuffix(".yaml") {
        return CorpusCase(description: String(name.dropLast(5)), files: [path])
      }
      guard let parts = try? FileManager.default.contentsOfDirectory(atPath: path) else {
        return nil
      }
      let files = parts.filter { $0.hasSuffix(".yaml") }.sorted().map { "\(path)/\($0)" }
      return files.isEmpty ? nil : CorpusCase(description: name, files: files)
    }
  }()
}
