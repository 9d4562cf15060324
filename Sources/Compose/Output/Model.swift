import OrderedCollections
import YAML

/// The merged files before interpolation, as `config --no-interpolate` and `--variables` of Docker
/// Compose print them. Values aren't validated, because they can contain variables; short forms
/// without variables are expanded.
package struct ComposeModel: Sendable {
  /// Problems that don't prevent loading.
  package let warnings: [Located<String>]
  private let tree: YAMLNode

  init(_ tree: YAMLNode, warnings: [Located<String>]) {
    self.tree = tree
    self.warnings = warnings
  }

  /// The files as YAML, with a newline at the end; `$` isn't doubled.
  package var yaml: String { YAMLWriter.text(Self.written(tree, .yaml), doublesDollars: false) }

  /// The files as JSON, without a newline at the end; `$` isn't doubled.
  package var json: String { JSONWriter.text(Self.written(tree, .json), doublesDollars: false) }

  /// The variables that the files use, sorted by name.
  package var variables: [TemplateVariable] {
    var found: [String: TemplateVariable] = [:]
    func walk(_ node: YAMLNode) {
      switch node.content {
      case .string(let text):
        guard text.utf8.contains(UInt8(ascii: "$")) else { return }
        let bytes = Array(text.utf8)
        let closing = Interpolation.closingBraces(of: bytes) ?? [:]
        TemplateVariable.collect(from: bytes[...], closing, into: &found)
      case .mapping(let entries): for entry in entries.values { walk(entry.value) }
      case .sequence(let items): for item in items { walk(item) }
      default: break
      }
    }
    walk(Self.written(tree, .json))
    return found.values.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// The variables as Docker Compose prints them in JSON, without a newline at the end.
  package var variablesJSON: String {
    var all = YAMLNode(mappingAt: tree.position)
    for variable in variables {
      var item = YAMLNode(mappingAt: tree.position)
      item.set("Name", text: variable.name)
      item.set("DefaultValue", text: variable.defaultValue)
      item.set("PresenceValue", text: variable.presenceValue)
      item.set("Required", YAMLNode(.boolean(variable.isRequired), at: tree.position))
      all.set(variable.name, item)
    }
    return JSONWriter.text(all, doublesDollars: false, indent: 4)
  }

  /// Sorts the names, keeps lists of `NAME=value` as written, and removes the executor's internal
  /// keys.
  private static func written(
    _ node: YAMLNode, _ format: ConfigOutputOrder.Format, of key: String = ""
  ) -> YAMLNode {
    switch node.content {
    case .sequence(let items):
      // A single string stays a string until another file is merged.
      if items.count == 1, items[0].position == node.position,
        ["dns_search", "tmpfs"].contains(key)
      {
        return items[0]
      }
      let printed =
        key == "ports" && items.allSatisfy { $0.mapping != nil } ? Ports.printed(node) : node
      return YAMLNode(
        .sequence((printed.sequence ?? []).map { written($0, format) }), at: node.position)
    case .mapping(let entries) where node.form == .listed && key != "additional_contexts":
      let items = entries.map { name, entry in
        let value = entry.value.scalarText.map { "=" + $0 } ?? ""
        return YAMLNode(.string(name + value), at: entry.keyPosition)
      }
      // In Go, a slice to which nothing was appended is null in JSON.
      let isNull = items.isEmpty && format == .json && ["args", "environment"].contains(key)
      return YAMLNode(isNull ? .null : .sequence(items), at: node.position)
    case .mapping(var entries):
      entries.removeAll { $0.key.hasPrefix("x-#") }
      for index in entries.values.indices {
        entries.values[index].value = written(
          entries.values[index].value, format, of: entries.keys[index])
      }
      entries.sort { ConfigOutputOrder.precedes($0.key, $1.key, format) }
      return YAMLNode(.mapping(entries), at: node.position)
    default: return node
    }
  }
}

/// A variable that a Compose file uses.
package struct TemplateVariable: Sendable, Equatable {
  /// The variable's name.
  package let name: String
  /// True if at least one use requires a value: `${NAME:?message}`.
  package fileprivate(set) var isRequired = false
  /// The replacement if the variable isn't set; with several, the last in the order of the keys.
  package var defaultValue: String { defaultValues.last ?? "" }
  /// The replacement if the variable is set; with several, the last.
  package var presenceValue: String { presenceValues.last ?? "" }
  /// All defaults; Docker Compose prints an arbitrary one of them.
  package fileprivate(set) var defaultValues: [String] = []
  /// All replacements of the variable if it is set; Docker Compose prints an arbitrary one of them.
  package fileprivate(set) var presenceValues: [String] = []

  fileprivate init(name: String) { self.name = name }

  /// Adds the variables of a text and of the defaults in it.
  fileprivate static func collect(
    from text: ArraySlice<UInt8>, _ closing: [Int: Int],
    into found: inout [String: TemplateVariable], depth: Int = 0
  ) {
    guard depth < Interpolation.depthLimit else { return }
    var rest = text
    while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
      rest = rest[(dollar + 1)...]
      guard let first = rest.first else { return }
      if first == UInt8(ascii: "$") {
        rest = rest.dropFirst()
      } else if first == UInt8(ascii: "{") {
        let name = Interpolation.name(at: rest.dropFirst())
        guard !name.isEmpty, let end = closing[rest.startIndex] else { continue }
        add(rest[(rest.startIndex + 1)..<end], named: name, closing, to: &found, depth)
        rest = rest[(end + 1)...]
      } else {
        let name = Interpolation.name(at: rest)
        if !name.isEmpty { add(name, named: name, closing, to: &found, depth) }
        rest = rest[name.endIndex...]
      }
    }
  }

  private static func add(
    _ body: ArraySlice<UInt8>, named name: ArraySlice<UInt8>, _ closing: [Int: Int],
    to found: inout [String: TemplateVariable], _ depth: Int
  ) {
    let key = String(decoding: name, as: UTF8.self)
    var operation = body[name.endIndex...]
    if operation.first == UInt8(ascii: ":") { operation = operation.dropFirst() }
    let operand = operation.dropFirst()
    let value = String(decoding: operand, as: UTF8.self)
    var variable = found[key] ?? TemplateVariable(name: key)
    switch operation.first {
    case UInt8(ascii: "?"): variable.isRequired = true
    case UInt8(ascii: "-") where !value.isEmpty: variable.defaultValues.append(value)
    case UInt8(ascii: "+") where !value.isEmpty: variable.presenceValues.append(value)
    default: break
    }
    found[key] = variable
    if operation.first != UInt8(ascii: "?") {
      collect(from: operand, closing, into: &found, depth: depth + 1)
    }
  }
}
