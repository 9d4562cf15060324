import Foundation
import OrderedCollections
import TestSupport
import YAML

@testable import Compose

/// A table of `Running/`: services that show the effect of a key in a running container.
///
/// | key | value |
/// | --- | --- |
/// | `common` | common keys of every service; without it, the probe's image and no network |
/// | `top` | further top-level text: networks, volumes, services that others refer to |
/// | `files` | files beside the Compose files, by path |
/// | `environment` | variables of both command lines |
/// | `other` | the value that a row is merged with, unless the row has its own |
/// | `forms` | the forms of every row; without it, each in turn |
/// | `rows` | keys of a service, or a mapping of them (`is`) and the row's special features |
struct RunningTable: Sendable {
  let name: String
  let common: String
  let top: String
  let files: [String: String]
  let environment: [String: String]
  let rows: [RunningRow]

  /// The directory of all tables.
  static let directory = SourceTree.path("Tests/Integration/Compose/Running")

  /// The tables of services, ordered by name.
  static func all() throws -> [RunningTable] {
    try RunningText.tables(in: "services").map { try RunningTable(name: $0, $1) }
  }

  private init(name: String, _ root: YAMLNode) throws {
    self.name = name
    common = root["common"]?.string ?? "image: pod-test/probe\nnetwork_mode: none\n"
    top = root["top"]?.string ?? ""
    files = root["files"]?.texts ?? [:]
    environment = root["environment"]?.texts ?? [:]
    let (other, forms) = (root["other"]?.string, try RunningForm.list(root["forms"]))
    rows = try (root["rows"]?.mapping ?? [:]).enumerated().map { index, row in
      try RunningRow(
        table: name, name: row.key, number: index, row.value.value, other: other, forms: forms)
    }
  }
}

/// A row of a table: keys of a service.
struct RunningRow: Sendable {
  let table: String
  let name: String
  /// The keys as YAML text.
  let snippet: String
  /// The value that they are merged with.
  let other: String?
  let forms: [RunningForm]
  /// A controller that the engine's cgroups must have, or `all capabilities`, which a container
  /// that the tests run in may lack.
  let controller: String?
  /// The least API version of the engine.
  let api: String?
  /// True if the container exits by itself.
  let exits: Bool
  /// True if its output is not shown.
  let isSilent: Bool

  init(
    table: String, name: String, number: Int, _ node: YAMLNode, other: String?,
    forms: [RunningForm]?
  ) throws {
    self.table = table
    self.name = name
    snippet = node.string ?? node["is"]?.string ?? ""
    self.other = node["other"]?.string ?? other
    let has = self.other != nil
    let possible = RunningForm.allCases.filter { has || !$0.isMerged }
    self.forms =
      try RunningForm.list(node["forms"]) ?? forms
      ?? possible.filter { number == 0 || $0.isTurn(of: number, among: possible) }
    controller = node["needs"]?.string
    api = node["api"]?.string
    exits = node["exits"]?.boolean ?? false
    isSilent = node["silent"]?.boolean ?? false
  }

  private static let hasAllCapabilities: Bool = {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let last = (try? String(contentsOfFile: "/proc/sys/kernel/cap_last_cap", encoding: .utf8)) ?? ""
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapBnd:") }),
      let held = UInt64(line.dropFirst(7).drop(while: \.isWhitespace), radix: 16),
      let count = UInt64(last.prefix { !$0.isWhitespace })
    else { return false }
    return held == (1 << (count + 1)) - 1
  }()

  /// Whether an engine fulfills its requirements.
  func runs(on engine: TestEngine, api version: String) -> Bool {
    if controller == "all capabilities" {
      guard Self.hasAllCapabilities else { return false }
    } else if let controller, !engine.has(controller) {
      return false
    }
    return version.compare(api ?? "0", options: .numeric) != .orderedAscending
  }

  /// The cases of the row.
  var cases: [RunningCase] { forms.map { RunningCase(row: self, form: $0) } }
}

/// One case: a row in a form. Its service has its name.
struct RunningCase: Sendable, CustomStringConvertible {
  let row: RunningRow
  let form: RunningForm

  var description: String { "\(row.table)-\(row.name)" + (form == .plain ? "" : "-\(form)") }
}

/// The way in which a service gets a value.
enum RunningForm: String, CaseIterable, Sendable {
  /// It is in the service.
  case plain
  /// By a merge key, from an anchor.
  case anchor
  /// Every scalar of it by a variable.
  case variable
  /// By `extends`.
  case extended
  /// By `extends`, overridden by the service's own value.
  case extending
  /// In a second file, over another value.
  case overriding
  /// Another value overrides it in a second file.
  case overridden
  /// In a second file, in place of another value: `!override`.
  case replacing
  /// Only in a second file.
  case second
  /// Removed by a second file: `!reset`.
  case reset

  /// True for forms that need another value.
  var isMerged: Bool {
    [.extending, .overriding, .overridden, .replacing].contains(self)
  }

  /// Whether a row uses this form: each has the plain form and one other.
  func isTurn(of number: Int, among possible: [RunningForm]) -> Bool {
    let others = possible.filter { $0 != .plain }
    return self == .plain || self == others[number % others.count]
  }

  /// A list of forms; nil if a table has none.
  static func list(_ node: YAMLNode?) throws -> [RunningForm]? {
    try node?.sequence?.map {
      guard let form = RunningForm(rawValue: $0.string ?? "") else {
        throw RunningText.Wrong(description: "\($0.position): no such form")
      }
      return form
    }
  }
}

/// Reading and writing of the tables' YAML.
enum RunningText {
  struct Wrong: Error, CustomStringConvertible {
    let description: String
  }

  /// The only document of a file.
  static func root(of path: String) throws -> YAMLNode {
    let bytes = Array(FileManager.default.contents(atPath: path) ?? Data())
    guard let root = try YAMLParser.documents(in: bytes, file: path).first?.root else {
      throw Wrong(description: "\(path) holds nothing")
    }
    return root
  }

  /// The mapping in a row's text.
  static func mapping(_ text: String) throws -> OrderedDictionary<String, YAMLNode.Entry> {
    try YAMLParser.documents(in: Array(text.utf8), file: text).first?.root.mapping ?? [:]
  }

  /// A node on one line; with `variables` each scalar is replaced by a variable.
  static func flow(_ node: YAMLNode, _ variables: inout [String: String]?) -> String {
    switch node.content {
    case .sequence(let items):
      return "[" + items.map { flow($0, &variables) }.joined(separator: ", ") + "]"
    case .mapping(let members):
      return "{"
        + members.map { "\(quoted($0)): \(flow($1.value, &variables))" }.joined(separator: ", ")
        + "}"
    case .null: return "null"
    default: break
    }
    let text = scalar(node)
    guard let count = variables?.count else {
      return node.string == nil ? text : quoted(text)
    }
    variables?["V\(count)"] = text
    return "\"${V\(count)}\""
  }

  private static func scalar(_ node: YAMLNode) -> String {
    switch node.content {
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .unsigned(let value): "\(value)"
    case .decimal(let value): "\(value)"
    case .single(let value): "\(value)"
    case .timestamp(let text), .string(let text): text
    default: ""
    }
  }

  private static func quoted(_ text: String) -> String {
    let data = (try? JSONEncoder().encode(text)) ?? Data()
    return String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\\/", with: "/")
  }

  /// A text with more indentation.
  static func indented(_ text: String, by count: Int = 4) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : String(repeating: " ", count: count) + $0 }.joined(separator: "\n")
  }
}

extension YAMLNode {
  /// A member of a mapping.
  subscript(key: String) -> YAMLNode? { mapping?[key]?.value }

  /// The strings of a mapping.
  var texts: [String: String] {
    Dictionary(
      (mapping ?? [:]).map { ($0, $1.value.string ?? "") }, uniquingKeysWith: { $1 })
  }
}
