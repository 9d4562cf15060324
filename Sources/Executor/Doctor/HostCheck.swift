import Program
import YAML

/// The result of one check of a host.
struct HostCheck: Sendable, Equatable {
  /// The severity of a result.
  enum Result: String, Sendable {
    case ok
    /// Pods run, but with restrictions.
    case warn
    /// Pods can't run, or the objects of dead executors are not removed.
    case fail
  }

  /// The name of the check, from the documented list.
  let name: String
  let result: Result
  /// The finding, for people.
  let finding: String
  /// The remedy; nil where none is necessary.
  let fix: String?

  private init(_ name: String, _ result: Result, _ finding: String, _ fix: String?) {
    self.name = name
    self.result = result
    self.finding = Printable.line(Self.withoutPasswords(finding), limit: 1024)
    self.fix = fix.map { Printable.line(Self.withoutPasswords($0), limit: 1024) }
  }

  /// Reports are pasted into tickets, so the user and password of an address are replaced by `…`.
  private static func withoutPasswords(_ text: String) -> String {
    text.replacing(/([\/\[])[^\s\/@\[]*:[^\s\/\[]*@/) { "\($0.1)…@" }
  }

  static func ok(_ name: String, _ finding: String) -> HostCheck {
    HostCheck(name, .ok, finding, nil)
  }

  static func warn(_ name: String, _ finding: String, fix: String) -> HostCheck {
    HostCheck(name, .warn, finding, fix)
  }

  static func fail(_ name: String, _ finding: String, fix: String) -> HostCheck {
    HostCheck(name, .fail, finding, fix)
  }
}

/// All checks of a host, in their order.
struct HostReport: Sendable {
  /// The version of the JSON document.
  static let version: Int64 = 1

  let checks: [HostCheck]

  /// The most severe result.
  var result: HostCheck.Result {
    if checks.contains(where: { $0.result == .fail }) { return .fail }
    return checks.contains { $0.result == .warn } ? .warn : .ok
  }

  /// One line for each check. On a narrow terminal, findings are wrapped.
  ///
  /// - Parameter terminal: the capabilities of the output; nil for plain text of any width.
  /// - Returns: the lines, each with a line feed.
  func text(for terminal: Terminal?) -> String {
    var table = TextTable([("", .left), ("", .left), ("", .left)])
    for check in checks {
      let color: Terminal.Color =
        switch check.result {
        case .ok: .green
        case .warn: .yellow
        case .fail: .red
        }
      table.add([
        TextTable.Cell(check.result.rawValue, color), TextTable.Cell(check.name + ":"),
        TextTable.Cell(check.finding + (check.fix.map { "; \($0)" } ?? "")),
      ])
    }
    // The first line contains the titles, which are empty.
    return table.lines(for: terminal, wrapping: [2]).dropFirst().map { $0 + "\n" }.joined()
  }

  /// The documented JSON document, on one line.
  var json: String {
    let location = SourcePosition(file: "", line: 1, column: 1)
    func object(_ entries: [(String, YAMLNode.Content)]) -> YAMLNode {
      var node = YAMLNode(mappingAt: location)
      for (key, content) in entries { node.set(key, YAMLNode(content, at: location)) }
      return node
    }
    let items = checks.map { check in
      object([
        ("check", .string(check.name)), ("result", .string(check.result.rawValue)),
        ("finding", .string(check.finding)), ("fix", check.fix.map { .string($0) } ?? .null),
      ])
    }
    let document = object([
      ("version", .integer(Self.version)), ("result", .string(result.rawValue)),
      ("checks", .sequence(items)),
    ])
    return String(decoding: JSONWriter.compact(document), as: UTF8.self)
  }
}
