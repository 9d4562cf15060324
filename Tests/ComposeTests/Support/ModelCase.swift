import Compose
import Foundation
import TestSupport

/// Forms of `config` for files that aren't fully resolved: their variables, the files without
/// interpolation, and the files without normalization.
enum ModelCase: String, CaseIterable, Sendable {
  case variables, raw, rawJSON = "raw json", plain

  static let goldens = GoldenFile("Goldens/models")

  /// The options for the command line.
  var arguments: [String] {
    switch self {
    case .variables: ["--variables"]
    case .raw: ["--no-interpolate"]
    case .rawJSON: ["--no-interpolate", "--format", "json"]
    case .plain: ["--no-normalize"]
    }
  }

  /// Whether the case is compared in this form. For merging files, one form is sufficient.
  func compares(_ item: CorpusCase) -> Bool {
    switch self {
    case .variables, .rawJSON: true
    case .raw, .plain: !item.description.contains("/")
    }
  }

  /// Our output.
  func printed(_ item: CorpusCase) throws -> String {
    var options = item.options()
    switch self {
    case .variables:
      return Self.text(
        try ComposeLoader.model(options).variables.map { variable in
          // Docker Compose prints any one of several values.
          let values = [variable.defaultValues, variable.presenceValues].map { values in
            Set(values).count > 1 ? "*" : values.last ?? ""
          }
          return (variable.name, variable.isRequired, values[0], values[1])
        })
    case .raw: return try ComposeLoader.model(options).yaml.trimmingNewlines
    case .rawJSON: return try ComposeLoader.model(options).json
    case .plain:
      options.normalizes = false
      return try ComposeLoader.load(options).yaml().trimmingNewlines
    }
  }

  /// The output of Docker Compose.
  func requested(_ item: CorpusCase) async throws -> String {
    let name = item.isNamed ? [] : ["-p", "parity"]
    let format = self == .variables ? ["--format", "json"] : []
    let response = try await Oracle.ask(
      name + item.arguments + ["config"] + arguments + format, environment: CorpusCase.variables)
    guard response.status == 0 else { return Golden.refused }
    guard self == .variables else { return response.output.trimmingNewlines }
    struct Variable: Decodable {
      let Name: String
      let DefaultValue: String
      let PresenceValue: String
      let Required: Bool
    }
    let theirs = try JSONDecoder().decode(
      [String: Variable].self, from: Data(response.output.utf8))
    let ours = Dictionary(
      uniqueKeysWithValues: try ComposeLoader.model(item.options()).variables.map { ($0.name, $0) })
    return Self.text(
      theirs.values.sorted { $0.Name < $1.Name }.map { variable in
        let mine = ours[variable.Name]
        func shown(_ value: String, _ all: [String]?) -> String {
          let all = Set(all ?? [])
          return all.count > 1 && all.contains(value) ? "*" : value
        }
        return (
          variable.Name, variable.Required, shown(variable.DefaultValue, mine?.defaultValues),
          shown(variable.PresenceValue, mine?.presenceValues)
        )
      })
  }

  /// The stored form of an output.
  func portable(_ text: String, _ item: CorpusCase) -> String {
    let text =
      self == .rawJSON && text != Golden.refused
      ? Golden.compact(text, root: item.directory) : Golden.portable(text, root: item.directory)
    return text.trimmingNewlines
  }

  private static func text(_ rows: [(String, Bool, String, String)]) -> String {
    rows.map { "\($0.0) \($0.1) [\($0.2)] [\($0.3)]" }.joined(separator: "\n")
  }
}

extension CorpusCase {
  /// The stored form of the outputs.
  func golden(_ models: [ModelCase: String]) -> Golden {
    var golden = Golden()
    for (model, text) in models where !text.isEmpty {
      golden.forms[model.rawValue] = model.portable(text, self)
    }
    return golden
  }
}
