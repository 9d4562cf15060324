import Foundation
import OrderedCollections
import TestSupport
import Testing
import YAML

@testable import Compose

@Suite("Every key of the specification is covered")
struct ObjectSchemaTests {
  @Test("a file of the corpus has the key")
  func covered() throws {
    let uses = try Uses()
    for row in Self.rows {
      #expect(uses.files[row.path] != nil, "no file of the corpus has the key \(row.path)")
    }
  }

  @Test("docs/reference/compose-keys.md matches the code")
  func documented() throws {
    let uses = try Uses()
    var text = """
      # Keys of a Compose file

      Generated from the code by the tests (`ObjectSchemaTests`; `UPDATE_KEYS=1` updates it). The columns: the type of each key, how values of several
      files are merged, what the value is used for, the key's class in the operator's [policy](../security.md#what-allow-restricts), and a file of
      `Tests/ComposeTests/Corpus` that covers it. A key that is marked *not by a pod* is for a desktop, a swarm or Windows: `config` prints it, and
      the launch of a pod reports it. Entries of `pre_start` also have these keys of a service: \(Self.names(ServiceKeys.container)).
      Entries of `jobs` have these too, and \(Self.names(ServiceKeys.workload)).

      | key | type | merging | used for | policy | covered by |
      | --- | --- | --- | --- | --- | --- |

      """
    for row in Self.rows {
      let mapsTo = (row.isSupported ? "" : "*not by a pod*: ") + row.key.mapsTo
      text += "| `\(row.path)` | \(row.key.shape.words) | \(row.key.merge.words) | \(mapsTo) "
      text += "| \(row.key.keyClass.words) | `\(uses.files[row.path] ?? "")` |\n"
    }
    let file = URL(fileURLWithPath: SourceTree.path("docs/reference/compose-keys.md"))
    if ProcessInfo.processInfo.environment["UPDATE_KEYS"] != nil {
      try Data(text.utf8).write(to: file)
    }
    let written = try String(contentsOf: file, encoding: .utf8)
    #expect(written == text, "run the tests once with UPDATE_KEYS=1")
  }

  @Test("every service key of the current schema is in the table")
  func complete() {
    #expect(ServiceKeys.table.keys.count >= 92)
  }

  /// The sorted names of keys.
  private static func names(_ keys: [SchemaProperty]) -> String {
    keys.map { "`\($0.name)`" }.sorted().joined(separator: ", ")
  }

  /// A key and its path, such as `services.*.build.args`.
  struct Row {
    let path: String
    let key: SchemaProperty
    /// Whether a pod supports it. A key below an unsupported key is unsupported.
    let isSupported: Bool
  }

  static let rows = rows(of: TopLevelKeys.table, under: "", true)

  private static func rows(
    of table: ObjectSchema, under prefix: String, _ outer: Bool
  ) -> [Row] {
    (table.keys + table.readExtensions).flatMap { key -> [Row] in
      let path = prefix + key.name
      let isSupported = outer && key.isSupported
      let inner =
        switch path {
        // An entry of `pre_start` has the keys of a service and its own keys.
        case "services.*.pre_start":
          rows(of: ObjectSchema("a hook", Hooks.preStartOwn), under: "\(path)[].", isSupported)
        // A job also has the keys of a service and its own keys.
        case "jobs": rows(of: ObjectSchema("a job", JobKeys.own), under: "jobs.*.", isSupported)
        default: rows(in: key.shape, under: path, isSupported)
        }
      return [Row(path: path, key: key, isSupported: isSupported)] + inner
    }
  }

  private static func rows(
    in shape: SchemaType, under path: String, _ outer: Bool
  ) -> [Row] {
    switch shape {
    case .fields(let table): rows(of: table, under: path + ".", outer)
    case .names(let inner, _): rows(in: inner, under: path + ".*", outer)
    case .list(let inner): rows(in: inner, under: path + "[]", outer)
    case .expanding(_, let inner), .completing(_, let inner), .optional(let inner),
      .either(_, let inner):
      rows(in: inner, under: path, outer)
    default: []
    }
  }
}

/// The keys that the files of the corpus use.
private struct Uses {
  /// A file for the path of each key.
  private(set) var files: [String: String] = [:]

  init() throws {
    for item in CorpusCase.all {
      for file in item.files {
        let bytes = Array(FileManager.default.contents(atPath: file) ?? Data())
        for document in try YAMLParser.documents(in: bytes, file: file) {
          collect(in: document.root, TopLevelKeys.table, under: "", item.description)
        }
      }
    }
  }

  private mutating func collect(
    in node: YAMLNode, _ table: ObjectSchema, under prefix: String, _ file: String
  ) {
    for (name, entry) in node.mapping ?? [:] {
      let own = table.readExtensions.first { $0.name == name }
      guard let key = table[name] ?? own else { continue }
      let path = prefix + name
      // The file of that key takes precedence.
      if files[path] == nil || file == "keys/\(name)" { files[path] = file }
      collect(in: entry.value, key.shape, under: path, file)
    }
  }

  private mutating func collect(
    in node: YAMLNode, _ shape: SchemaType, under path: String, _ file: String
  ) {
    switch shape {
    case .fields(let table): collect(in: node, table, under: path + ".", file)
    case .names(let inner, _):
      for (_, entry) in node.mapping ?? [:] {
        collect(in: entry.value, inner, under: path + ".*", file)
      }
    case .list(let inner):
      for item in node.sequence ?? [] { collect(in: item, inner, under: path + "[]", file) }
    case .expanding(_, let inner), .completing(_, let inner), .optional(let inner),
      .either(_, let inner):
      collect(in: node, inner, under: path, file)
    default: break
    }
  }
}

extension SchemaType {
  /// A short description of the type.
  fileprivate var words: String {
    switch self {
    case .string: "string"
    case .word(let words): words.joined(separator: ", ")
    case .matching(let pattern): pattern.wanted
    case .stringOrInteger: "string or whole number"
    case .boolean, .strictBoolean: "true or false"
    case .booleanText: "string or boolean"
    case .integer: "whole number"
    case .decimal: "number"
    case .bytes: "byte size"
    case .duration: "duration"
    case .fileMode: "permissions"
    case .any: "anything"
    case .strings, .distinctStrings: "list of strings"
    case .stringOrStrings: "string or list of strings"
    case .texts: "list of strings and numbers"
    case .command: "command line, or list of its words"
    case .test: "health check test"
    case .hosts: "hosts and addresses"
    case .pairs(let values, _): values.allowsList ? "mapping or list of `NAME=value`" : "mapping"
    case .manyValued: "mapping of values and lists"
    case .fields: "mapping"
    case .names(let inner, _): "names: \(inner.words)"
    case .list(let inner): "list: \(inner.words)"
    case .optional(let inner), .completing(_, let inner): inner.words
    case .either(let one, let other): "\(one.words) or \(other.words)"
    case .expanding(_, let long): "short form, or \(long.words)"
    }
  }
}

extension KeyClass {
  /// A short description of the class.
  fileprivate var words: String {
    switch self {
    case .harmless: "harmless"
    case .confined(let how): "confined: \(how)"
    case .needs(let permission): "needs `\(permission.rawValue)`"
    case .hostPath(let access): "host path, \(access.rawValue)"
    case .network(let permission): "network: `\(permission.rawValue)`"
    case .never: "never"
    }
  }
}

extension MergeStrategy {
  /// A short description of the rule.
  fileprivate var words: String {
    switch self {
    case .replace: "replaced"
    case .override: "replaced, also by an empty value"
    case .deep: "key by key"
    case .pairs: "name by name"
    case .append(let identity, _): identity == nil ? "added" : "added, one of each"
    case .sameDriver: "key by key under the same driver"
    case .hosts: "added, one of each"
    case .pools: "by subnet"
    }
  }
}
