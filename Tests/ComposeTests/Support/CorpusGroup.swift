import Compose
import Foundation
import TestSupport
import YAML

/// The cases of the corpus whose goldens share a file.
struct CorpusGroup: CustomStringConvertible, Sendable {
  let description: String
  let cases: [CorpusCase]

  var goldens: GoldenFile { GoldenFile("Goldens/\(description)") }

  /// Those that Docker Compose accepts.
  static let accepted = Dictionary(grouping: CorpusCase.all) { item in
    item.description.contains("/") ? String(item.description.prefix { $0 != "/" }) : "corpus"
  }.map { CorpusGroup(description: $0.key, cases: $0.value) }
    .sorted { $0.description < $1.description }

  /// Those that it refuses.
  static let refused = CorpusGroup(description: "refused", cases: CorpusCase.refused)
}

extension CorpusCase {
  /// How a project is printed.
  enum Form: String, CaseIterable, Sendable { case json, yaml }

  /// The forms that are compared: how files are joined shows in JSON well enough.
  var forms: [Form] { isForYAML ? [.json, .yaml] : [.json] }

  /// What we print.
  func printed(_ form: Form) throws -> String { try Self.printed(form, options()) }

  /// What we print of what was printed; nil where it is the same.
  func printedAgain(_ form: Form) async throws -> String? {
    try await withPrinted(form) { file in
      guard let file else { return nil }
      var options = options(files: [file], directory: directory)
      (options.envFiles, options.profiles) = ([], ["*"])
      do {
        let loading = options
        let again = try await onThread { try Self.printed(form, loading) }
        return again == (try String(contentsOfFile: file, encoding: .utf8)) ? nil : again
      } catch is ComposeError {
        return Golden.refused
      }
    }
  }

  /// Gives the body a file with what we print; none where libyaml doesn't read it, since Docker Compose writes
  /// control characters into JSON as they are.
  func withPrinted<Value>(
    _ form: Form, _ body: (String?) async throws -> Value
  ) async throws -> Value {
    let text = try printed(form)
    if text.unicodeScalars.contains(where: { (0x7F...0x9F).contains($0.value) }) {
      return try await body(nil)
    }
    let folder = try Folder(["printed.yaml": text])
    return try await body(folder.file("printed.yaml"))
  }

  /// What was printed, and printed of what was printed, as it is stored.
  func golden(_ printed: [Form: String], again: [Form: String]) -> Golden {
    var golden = Golden()
    for (form, text) in printed {
      golden.forms[form == .json ? "" : "yaml"] = portable(form, text)
    }
    // Docker Compose prints a few things that it doesn't read, or reads otherwise.
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
