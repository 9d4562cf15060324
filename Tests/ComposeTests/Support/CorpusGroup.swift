import Compose
import Foundation
import TestSupport
import YAML

/// The cases of the corpus whose goldens share a file.
struct CorpusGroup: CustomStringConvertible, Sendable {
  let description: String
  let cases: [CorpusCase]

  var goldens: GoldenFile { GoldenFile("Goldens/\(description)") }

  /// The groups of cases that Docker Compose accepts.
  static let accepted = Dictionary(grouping: CorpusCase.all) { item in
    item.description.contains("/") ? String(item.description.prefix { $0 != "/" }) : "corpus"
  }.map { CorpusGroup(description: $0.key, cases: $0.value) }
    .sorted { $0.description < $1.description }

  /// The cases that Docker Compose refuses.
  static let refused = CorpusGroup(description: "refused", cases: CorpusCase.refused)
}

extension CorpusCase {
  /// The format of a printed project.
  enum Form: String, CaseIterable, Sendable { case json, yaml }

  /// The formats that are compared. For merging files, JSON is sufficient.
  var forms: [Form] { isForYAML ? [.json, .yaml] : [.json] }

  /// Our output.
  func printed(_ form: Form) throws -> String { try Self.printed(form, options()) }

  /// Our output for our own output as input. Nil if it is the same.
  func printedAgain(_ form: Form) async throws -> String? {
    try await withPrinted(form) { file in
      guard let file else { return nil }
      var options = options(files: [file], directory: directory)
      (options.envFiles, options.profiles) = ([], ["*"])
      do {
        let loading = options
        let again = try await onThread { try Self.printed(form, loading) }
        return again == (try String(contentsOfFile: file, encoding: .utf8)) ? nil : again
      } catch is DiagnosticError {
        return Golden.refused
      }
    }
  }

  /// Passes a file with our output to `body`. Nil if libyaml can't read it, since Docker Compose
  /// writes control characters into JSON unchanged.
  func withPrinted<Value>(
    _ form: Form, _ body: (String?) async throws -> Value
  ) async throws -> Value {
    let text = try printed(form)
    if text.unicodeScalars.contains(where: { (0x7F...0x9F).contains($0.value) }) {
      return try await body(nil)
    }
    let directory = try Directory(["printed.yaml": text])
    return try await body(directory.file("printed.yaml"))
  }

  /// The stored form of the output, and of the output for that output as input.
  func golden(_ printed: [Form: String], again: [Form: String]) -> Golden {
    var golden = Golden()
    for (form, text) in printed {
      golden.forms[form == .json ? "" : "yaml"] = portable(form, text)
    }
    // Docker Compose prints a few things that it refuses or interprets differently as input.
    for (form, text) in again { golden.forms["\(form) again"] = portable(form, text) }
    return golden
  }

  private func portable(_ form: Form, _ text: String) -> String {
    let text =
      form == .json && text != Golden.refused
      ? Golden.compact(text, root: directory) : Golden.portable(text, root: directory)
    return text.trimmingNewlines
  }

  private static func printed(_ form: Form, _ options: LoadOptions) throws -> String {
    let project = try ComposeLoader.load(options)
    return form == .json ? try project.json() : project.yaml()
  }
}
