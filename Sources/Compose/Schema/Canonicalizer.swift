import OrderedCollections

/// Checks a file's tree against the tables of keys and brings it to the canonical form: short forms
/// expanded, scalars typed (Compose specification; the JSON schema of Compose).
struct Canonicalizer {
  /// What deserves a word but no refusal.
  private(set) var warnings: [Located<String>] = []

  /// Adds a warning.
  mutating func warn(_ message: String, at position: SourcePosition) {
    warnings.append(Located(message, at: position))
  }

  /// A file's canonical tree.
  mutating func read(file node: YAMLNode) throws(ComposeError) -> YAMLNode {
    guard node.mapping != nil else {
      throw ComposeError("a Compose file must be a mapping, not \(node.kind)", at: node.position)
    }
    return try read(node, as: .fields(TopLevelKeys.table), name: "file")
  }

  /// A node's canonical form; `name` is its key, for messages.
  mutating func read(
    _ node: YAMLNode, as shape: Shape, name: String
  ) throws(ComposeError) -> YAMLNode {
    switch shape {
    case .any: return node
    case .expanding(let expand, let long):
      return try read(try expand(node, &self), as: long, name: name)
    case .fields(let table): return try fields(node, table, name: name)
    case .names(let inner, let allowsNull):
      return try names(node, inner, allowsNull: allowsNull, name: name)
    case .list(let inner):
      guard node.sequence != nil else { throw ComposeError.wrongKind(node, name, "a list") }
      var list = node
      try list.editItems { (item) throws(ComposeError) in
        item = try read(item, as: inner, name: name)
      }
      return list
    case .pairs(let values): return try pairs(node, values, name: name)
    case .later:
      throw ComposeError("`\(name)` is not supported yet", at: node.position)
    default: return try scalar(node, as: shape, name: name)
    }
  }

  private mutating func fields(
    _ node: YAMLNode, _ table: KeyTable, name: String
  ) throws(ComposeError) -> YAMLNode {
    guard case .mapping(var entries) = node.content else {
      throw ComposeError.wrongKind(node, name, "a mapping")
    }
    for index in entries.elements.indices {
      let (key, entry) = entries.elements[index]
      guard let known = table[key] else {
        if key.hasPrefix("x-") { continue }
        throw unknown(key, in: table, at: entry.keyPosition)
      }
      if case .later = known.shape {
        throw ComposeError("`\(key)` is not supported yet", at: entry.keyPosition)
      }
      entries.values[index].value = try read(entry.value, as: known.shape, name: key)
    }
    return YAMLNode(.mapping(entries), at: node.position)
  }

  private func unknown(
    _ key: String, in table: KeyTable, at position: SourcePosition
  ) -> ComposeError {
    let hint = table.similar(to: key).map { "; did you mean `\($0)`?" } ?? ""
    return ComposeError("\(table.subject) has no key `\(key)`\(hint)", at: position)
  }

  private mutating func names(
    _ node: YAMLNode, _ inner: Shape, allowsNull: Bool, name: String
  ) throws(ComposeError) -> YAMLNode {
    guard case .mapping(var entries) = node.content else {
      throw ComposeError.wrongKind(node, name, "a mapping")
    }
    for index in entries.elements.indices {
      let (key, entry) = entries.elements[index]
      guard !key.isEmpty, key.utf8.allSatisfy(Self.isNameByte) else {
        throw ComposeError(
          "`\(key)` under `\(name)` is no name: only letters, digits, `.`, `_` and `-` are allowed",
          at: entry.keyPosition)
      }
      if entry.value.isNull {
        if allowsNull { continue }
        throw ComposeError("`\(key)` must be a mapping, not nothing", at: entry.keyPosition)
      }
      entries.values[index].value = try read(entry.value, as: inner, name: key)
    }
    return YAMLNode(.mapping(entries), at: node.position)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }

  private func pairs(
    _ node: YAMLNode, _ values: PairValues, name: String
  ) throws(ComposeError) -> YAMLNode {
    if case .mapping(var entries) = node.content {
      for index in entries.elements.indices {
        let (key, entry) = entries.elements[index]
        guard !key.isEmpty else {
          throw ComposeError("an empty name under `\(name)`", at: entry.keyPosition)
        }
        entries.values[index].value.content = try pairValue(entry.value, values, key: key)
      }
      return YAMLNode(.mapping(entries), at: node.position)
    }
    guard let items = node.sequence, case .environment = values else {
      if let items = node.sequence, case .labels = values {
        return try pairs(of: items, at: node.position, missing: .string(""), name: name)
      }
      let isMappingOnly =
        if case .environment = values { false } else if case .labels = values { false } else {
          true
        }
      throw ComposeError.wrongKind(node, name, isMappingOnly ? "a mapping" : "a mapping or a list")
    }
    return try pairs(of: items, at: node.position, missing: .null, name: name)
  }

  private func pairs(
    of items: [YAMLNode], at position: SourcePosition, missing: YAMLNode.Content, name: String
  ) throws(ComposeError) -> YAMLNode {
    var entries: OrderedDictionary<String, YAMLNode.Entry> = [:]
    for item in items {
      guard let text = item.string else {
        throw ComposeError(
          "an entry of `\(name)` must be a string such as \"NAME=value\", not \(item.kind)",
          at: item.position)
      }
      let (key, value) = text.split("=")
      if key.last?.isWhitespace == true {
        throw ComposeError("the name `\(key)` ends in a space", at: item.position)
      }
      entries[key] = YAMLNode.Entry(
        keyPosition: item.position,
        value: YAMLNode(value.map { .string($0) } ?? missing, at: item.position))
    }
    return YAMLNode(.mapping(entries), at: position)
  }

  private func pairValue(
    _ node: YAMLNode, _ values: PairValues, key: String
  ) throws(ComposeError) -> YAMLNode.Content {
    switch (node.content, values) {
    case (.string, _): return node.content
    case (.null, .environment): return .null
    case (.null, .labels), (.null, .options): return .string("")
    case (.boolean, .options), (_, .strings):
      throw ComposeError(
        "`\(key)` must be a string, not \(node.kind); write it in quotes", at: node.position)
    default:
      guard let text = node.scalarText else {
        throw ComposeError("`\(key)` must be a single value, not \(node.kind)", at: node.position)
      }
      return .string(text)
    }
  }
}

extension ComposeError {
  /// The error for a value of the wrong kind.
  static func wrongKind(_ node: YAMLNode, _ name: String, _ wanted: String) -> ComposeError {
    ComposeError("`\(name)` must be \(wanted), not \(node.kind)", at: node.position)
  }
}
