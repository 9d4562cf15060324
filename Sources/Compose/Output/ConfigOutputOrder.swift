import OrderedCollections
import YAML

/// Orders and completes a canonical tree as `config` prints it: keys of the specification in the
/// order of the tables, user-defined names sorted.
struct ConfigOutputOrder {
  /// The output format.
  enum Format {
    case yaml
    case json
  }

  let format: Format

  /// The whole project.
  func project(_ node: YAMLNode) -> YAMLNode {
    var arranged: OrderedDictionary<String, YAMLNode.Entry> = [:]
    for key in TopLevelKeys.table.keys {
      if key.name == "models", format == .json { continue }
      guard let entry = node.mapping?[key.name] else { continue }
      var value = arrange(entry.value, key.shape)
      if key.name != "services", isEmpty(value) { continue }
      if key.name == "jobs", format == .yaml { value = named(value) }
      arranged[key.name] = YAMLNode.Entry(keyPosition: entry.keyPosition, value: value)
    }
    addExtensions(of: node, to: &arranged)
    if format == .json { sort(&arranged) }
    return YAMLNode(.mapping(arranged), at: node.position)
  }

  /// Adds the names to the jobs, as Docker Compose prints them.
  private func named(_ jobs: YAMLNode) -> YAMLNode {
    var jobs = jobs
    jobs.editEach { (name: String, job: inout YAMLNode) in
      var named = YAMLNode(mappingAt: job.position)
      named.set("name", text: name)
      for (key, entry) in job.mapping ?? [:] { named.set(key, entry.value, at: entry.keyPosition) }
      job = named
    }
    return jobs
  }

  private func arrange(_ node: YAMLNode, _ shape: SchemaType) -> YAMLNode {
    switch shape.resolved {
    case .either(_, let fields):
      // Docker Compose doesn't distinguish a limit of 0 from a missing limit.
      if node.integer == 0 { return arrange(YAMLNode(mappingAt: node.position), fields) }
      return node.mapping == nil ? node : arrange(node, fields)
    case .hosts: return sortedItems(node)
    case .fields(let table): return fields(node, table)
    case .names(let inner, _):
      var node = node
      node.editEach { (_: String, value: inout YAMLNode) in
        if !value.isNull { value = arrange(value, inner) }
      }
      return sorted(node)
    case .list(let inner):
      var node = node
      node.editItems { (item: inout YAMLNode) in item = arrange(item, inner) }
      return node
    case .pairs(.keys, _): return keys(node)
    case .pairs(.contexts, _), .manyValued: return sorted(node)
    case .pairs: return sorted(withoutExtensions(node))
    case .any: return any(node)
    default: return node
    }
  }

  private func fields(_ node: YAMLNode, _ table: ObjectSchema) -> YAMLNode {
    guard let entries = node.mapping else { return node }
    var arranged: OrderedDictionary<String, YAMLNode.Entry> = [:]
    func set(_ value: YAMLNode, _ key: SchemaProperty, at position: SourcePosition) {
      let name = format == .json ? key.nameInJSON : key.name
      arranged[name] = YAMLNode.Entry(keyPosition: position, value: value)
    }
    for key in table.keys {
      guard let entry = entries[key.name] else {
        if let shown = shownAlways(key, at: node.position) { set(shown, key, at: node.position) }
        continue
      }
      var value = arrange(entry.value, key.shape)
      if key.name == "ports" { value = Ports.printed(value) }
      if !isOmitted(value, key) { set(value, key, at: entry.keyPosition) }
    }
    if format == .yaml { addExtensions(of: node, to: &arranged) }
    return YAMLNode(.mapping(arranged), at: node.position)
  }

  /// The value of a key that is printed even if the file doesn't set it.
  private func shownAlways(_ key: SchemaProperty, at position: SourcePosition) -> YAMLNode? {
    switch (key.outputRule, key.shape, format) {
    case (.never(let value), _, _): YAMLNode(value, at: position)
    case (.emptyInJSON(let value), _, .yaml): YAMLNode(value, at: position)
    case (.emptyInYAML, _, .json): arrange(YAMLNode(mappingAt: position), key.shape)
    case (_, .command, .json): YAMLNode(.null, at: position)
    default: nil
    }
  }

  private func isOmitted(_ value: YAMLNode, _ key: SchemaProperty) -> Bool {
    switch key.outputRule {
    case .never: return false
    case .whenTrue: return value.boolean == true
    case .unset: return value.isNull && (format == .yaml || !isCommand(key.shape))
    case .emptyInYAML: return format == .yaml && isEmpty(value)
    case .emptyInJSON: return format == .json && isEmpty(value)
    case .empty:
      switch key.shape {
      case .bytes: return value.string == "0"
      case .duration: return value.string == "0s"
      default: return isEmpty(value)
      }
    }
  }

  private func isCommand(_ shape: SchemaType) -> Bool {
    if case .command = shape { return true }
    return false
  }

  /// Docker Compose treats names that start with `x-` as extensions and prints them under one key.
  private func withoutExtensions(_ node: YAMLNode) -> YAMLNode {
    let names = (node.mapping ?? [:]).keys.filter { $0.hasPrefix("x-") }.sorted(by: Self.precedes)
    guard node.form != .listed, !names.isEmpty else { return node }
    let texts = names.map { "\($0):\(node[$0]?.scalarText ?? "<nil>")" }
    var node = node
    node.removeAll { name, _ in name.hasPrefix("x-") }
    node.set("#extensions", text: "map[\(texts.joined(separator: " "))]")
    return node
  }

  /// Keys of SSH agents: names, each with its path if it has one.
  private func keys(_ node: YAMLNode) -> YAMLNode {
    let items = (node.mapping ?? [:]).map { name, entry in
      let path = entry.value.string.flatMap { $0.isEmpty ? nil : $0 }
      return YAMLNode(.string(path.map { "\(name): \($0)" } ?? name), at: entry.keyPosition)
    }
    return sortedItems(YAMLNode(.sequence(items), at: node.position))
  }

  private func isEmpty(_ node: YAMLNode) -> Bool {
    switch node.content {
    case .null, .boolean(false), .integer(0), .single(0), .string(""): true
    case .sequence(let items): items.isEmpty
    case .mapping(let entries): entries.isEmpty
    default: false
    }
  }

  private func any(_ node: YAMLNode) -> YAMLNode {
    var node = node
    node.editEach { (_: String, value: inout YAMLNode) in value = any(value) }
    node.editItems { (item: inout YAMLNode) in item = any(item) }
    return sorted(node)
  }

  private func addExtensions(
    of node: YAMLNode, to arranged: inout OrderedDictionary<String, YAMLNode.Entry>
  ) {
    var extensions: OrderedDictionary<String, YAMLNode.Entry> = [:]
    for (name, entry) in node.mapping ?? [:] where name.hasPrefix("x-") && !name.hasPrefix("x-#") {
      extensions[name] = YAMLNode.Entry(
        keyPosition: entry.keyPosition, value: any(entry.value))
    }
    sort(&extensions)
    arranged.merge(extensions) { _, new in new }
  }

  private func sortedItems(_ node: YAMLNode) -> YAMLNode {
    let items = (node.sequence ?? []).sorted { Self.precedes($0.string ?? "", $1.string ?? "") }
    return YAMLNode(.sequence(items), at: node.position)
  }

  private func sorted(_ node: YAMLNode) -> YAMLNode {
    guard var entries = node.mapping, entries.count > 1 else { return node }
    sort(&entries)
    return YAMLNode(.mapping(entries), at: node.position)
  }

  private func sort(_ entries: inout OrderedDictionary<String, YAMLNode.Entry>) {
    entries.sort { Self.precedes($0.key, $1.key, format) }
  }

  /// The order of user-defined names.
  static func precedes(_ left: String, _ right: String, _ format: Format) -> Bool {
    format == .json ? precedes(left, right) : NaturalOrder.precedes(left, right)
  }

  private static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}

/// The order of names in which numbers are compared by value: `a9` before `a10`.
enum NaturalOrder {
  static func precedes(_ left: String, _ right: String) -> Bool {
    let (a, b) = (Array(left.unicodeScalars), Array(right.unicodeScalars))
    var afterDigit = false
    for index in 0..<min(a.count, b.count) {
      if a[index] == b[index] {
        afterDigit = isDigit(a[index])
        continue
      }
      let (isLetterA, isLetterB) = (isLetter(a[index]), isLetter(b[index]))
      if isLetterA && isLetterB { return a[index] < b[index] }
      if isLetterA || isLetterB { return afterDigit ? isLetterA : isLetterB }
      let zeroFirst = a[index] == "0" || b[index] == "0"
      let start = Int64(zeroFirst && digitBefore(a, index) ? 1 : 0)
      let (valueA, endA) = number(a, from: index, start)
      let (valueB, endB) = number(b, from: index, start)
      if valueA != valueB { return valueA < valueB }
      if endA != endB { return endA < endB }
      return a[index] < b[index]
    }
    return a.count < b.count
  }

  /// True if the digits directly before contain one that isn't zero.
  private static func digitBefore(_ text: [Unicode.Scalar], _ index: Int) -> Bool {
    for scalar in text[..<index].reversed() {
      guard isDigit(scalar) else { return false }
      if scalar != "0" { return true }
    }
    return false
  }

  private static func number(
    _ text: [Unicode.Scalar], from index: Int, _ start: Int64
  ) -> (value: Int64, end: Int) {
    var value = start
    var end = index
    while end < text.count, isDigit(text[end]) {
      value = value &* 10 &+ Int64(text[end].value) &- 48
      end += 1
    }
    return (value, end)
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .decimalNumber
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}
