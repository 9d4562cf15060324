import OrderedCollections
import YAML

/// Names with values: `environment:`, `labels:`, options and other mappings of strings.
enum StringMap {
  /// Converts a list of `NAME=value` to a mapping; any other node is returned unchanged.
  static func mapping(
    _ node: YAMLNode, _ values: StringMapRule, lookUp: ((String) -> String?)?
  ) throws(DiagnosticError) -> YAMLNode {
    guard let items = node.sequence else { return node }
    var entries: OrderedDictionary<String, YAMLNode.Entry> = [:]
    for item in items {
      guard let text = item.string else {
        throw DiagnosticError(
          "an entry must be a string such as \"NAME=value\", not \(item.kind)", at: item.position)
      }
      let (key, value) = text.split("=")
      if case .environment = values, key.last?.isWhitespace == true {
        throw DiagnosticError("the name `\(key)` ends with a space", at: item.position)
      }
      if case .keys = values, entries[key] != nil {
        throw DiagnosticError("the key `\(key)` is listed twice", at: item.position)
      }
      if case .contexts = values, value == nil {
        throw DiagnosticError("`\(text)` has no value; write `\(text)=CONTEXT`", at: item.position)
      }
      if case .keys = values, value == nil, key != "default" {
        throw DiagnosticError("`\(text)` has no value; write `\(text)=PATH`", at: item.position)
      }
      let found = if case .environment = values { value ?? lookUp?(key) } else { value }
      entries[key] = YAMLNode.Entry(
        keyPosition: item.position,
        value: YAMLNode(found.map { .string($0) } ?? .null, at: item.position))
    }
    var listed = YAMLNode(.mapping(entries), at: node.position)
    if case .keys = values { listed.form = .short } else { listed.form = .listed }
    return listed
  }

  /// Converts the values of a mapping to strings, or to null where null has a meaning.
  static func typed(
    _ node: YAMLNode, _ values: StringMapRule, name: String
  ) throws(DiagnosticError) -> YAMLNode {
    guard case .mapping(var entries) = node.content else {
      throw DiagnosticError.wrongKind(
        node, name, values.allowsList ? "a mapping or a list" : "a mapping")
    }
    for index in entries.elements.indices {
      let (key, entry) = entries.elements[index]
      if key.isEmpty, !values.allowsNoName, entry.keyPosition != entry.value.position {
        throw DiagnosticError("`\(name)` contains an empty name", at: entry.keyPosition)
      }
      if values.refusesExtensions, key.hasPrefix("x-") {
        throw DiagnosticError("`\(key)` isn't allowed in `\(name)`", at: entry.keyPosition)
      }
      entries.values[index].value.content = try value(entry.value, values, key: key)
    }
    var typed = node
    typed.content = .mapping(entries)
    return typed
  }

  private static func value(
    _ node: YAMLNode, _ values: StringMapRule, key: String
  ) throws(DiagnosticError) -> YAMLNode.Content {
    switch (node.content, values) {
    case (.string, _): return node.content
    case (.null, .environment), (.null, .keys): return .null
    case (.null, .labels), (.null, .options), (.null, .storage): return .string("")
    case (.null, .contexts):
      throw DiagnosticError("`\(key)` has no value; write `\(key): CONTEXT`", at: node.position)
    case (.timestamp, .strings): return .string(node.scalarText ?? "")
    case (.boolean, .options), (.boolean, .driverOptions), (_, .strings), (_, .contexts),
      (.null, .driverOptions), (.null, .secretOptions), (.boolean, .storage), (.decimal, .storage),
      (.unsigned, .storage), (.timestamp, .storage), (.boolean, .secretOptions),
      (.decimal, .secretOptions), (.unsigned, .secretOptions), (.timestamp, .secretOptions):
      throw DiagnosticError(
        "`\(key)` must be a string, not \(node.kind); write it in quotes", at: node.position)
    default:
      guard let text = node.scalarText else {
        throw DiagnosticError(
          "`\(key)` must be a single value, not \(node.kind)", at: node.position)
      }
      return .string(text)
    }
  }

  /// Validates names with one or several values.
  static func checkManyValued(_ node: YAMLNode, name: String) throws(DiagnosticError) {
    guard let entries = node.mapping else {
      throw DiagnosticError.wrongKind(node, name, "a mapping")
    }
    for (key, entry) in entries {
      for item in entry.value.sequence ?? [entry.value] where item.scalarText == nil {
        throw DiagnosticError(
          "`\(key)` must be a single value, not \(item.kind)", at: item.position)
      }
    }
  }
}
