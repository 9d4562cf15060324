import OrderedCollections
import YAML

/// Validates a tree against the key tables and converts it to the canonical form, in two passes:
/// short forms are expanded before files are merged, scalars are validated and typed afterwards
/// (Compose specification; the JSON schema of Compose).
struct Canonicalizer {
  /// Problems that don't prevent loading.
  private(set) var warnings: [Located<String>] = []
  /// The remaining input budget.
  var budget = InputBudget()
  /// Resolves names without a value immediately; set for included files.
  var lookUp: ((String) -> String?)?
  /// True while more files are to be merged: values are validated, but keep their notation where
  /// merging depends on it.
  var isMerging = false

  /// True without interpolation: values and short forms that contain variables stay as written.
  var isRaw = false

  /// Collects the errors; nil if loading stops at the first error.
  var faults: FaultCollector?

  mutating func warn(_ message: String, at position: SourcePosition) {
    if warnings.last?.position == position, warnings.last?.value == message { return }
    warnings.append(Located(message, at: position))
  }

  /// Adds the warnings of another canonicalizer.
  mutating func add(warningsOf other: Canonicalizer) {
    for warning in other.warnings { warn(warning.value, at: warning.position) }
  }

  /// The canonical tree of a file.
  mutating func read(file node: YAMLNode) throws(DiagnosticError) -> YAMLNode {
    try faults.attempt { () throws(DiagnosticError) in try refuseInfinity(node) }
    return try read(node, as: .fields(TopLevelKeys.table), name: "file")
  }

  /// The canonical form of a node; `name` is its key in messages.
  mutating func read(
    _ node: YAMLNode, as shape: SchemaType, name: String
  ) throws(DiagnosticError) -> YAMLNode {
    switch shape {
    case .any: return node
    case .expanding(_, let long): return try read(node, as: long, name: name)
    case .completing(let complete, let inner):
      return try read(try complete(node, &self), as: inner, name: name)
    case .optional(let inner):
      return node.isNull ? node : try read(node, as: inner, name: name)
    case .either(let single, let fields):
      return try read(node, as: node.mapping == nil ? single : fields, name: name)
    case .fields(let table): return try fields(node, table, name: name)
    case .names(let inner, let allowsNull):
      return try names(node, inner, allowsNull: allowsNull, name: name)
    case .list(let inner):
      guard node.sequence != nil else { throw DiagnosticError.wrongKind(node, name, "a list") }
      var list = node
      try list.editItems { (item) throws(DiagnosticError) in
        item = try readCollecting(item, as: inner, name: name)
      }
      return list
    case .pairs where isRaw, .manyValued where isRaw, .hosts where isRaw: return node
    case .pairs(let values, _): return try StringMap.typed(node, values, name: name)
    case .manyValued:
      try StringMap.checkManyValued(node, name: name)
      return node
    case .hosts:
      try ExtraHosts.check(node, name: name)
      return node
    case .booleanText where isRaw && node.boolean == nil: return node
    case .booleanText: return try scalar(node, as: shape, name: name)
    default: return isRaw ? node : try scalar(node, as: shape, name: name)
    }
  }

  /// The canonical form of a node. If the conversion fails and errors are collected, the node is
  /// returned unchanged.
  private mutating func readCollecting(
    _ node: YAMLNode, as shape: SchemaType, name: String
  ) throws(DiagnosticError) -> YAMLNode {
    let splitsMappings =
      switch shape.resolved {
      case .pairs, .manyValued, .hosts: true
      default: false
      }
    return try faults.value(of: node, splitsMappings: splitsMappings) {
      (node) throws(DiagnosticError) in
      try read(node, as: shape, name: name)
    }
  }

  private mutating func fields(
    _ node: YAMLNode, _ table: ObjectSchema, name: String
  ) throws(DiagnosticError) -> YAMLNode {
    guard case .mapping(var entries) = node.content else {
      throw DiagnosticError.wrongKind(node, name, "a mapping")
    }
    for index in entries.elements.indices {
      let (key, entry) = entries.elements[index]
      guard let known = table[key] else {
        if let own = table.readExtensions.first(where: { $0.name == key }) {
          entries.values[index].value = try readCollecting(entry.value, as: own.shape, name: key)
          continue
        }
        if key.hasPrefix("x-"), table.allowsExtensions { continue }
        if table.ignoresUnknown { continue }
        try faults.report(unknown(key, in: table, at: entry.keyPosition))
        continue
      }
      entries.values[index].value = try readCollecting(entry.value, as: known.shape, name: key)
      if isMerging, case .append(identity: nil, _) = known.merge {
        entries.values[index].value = try expanded(entry.value, as: known.shape)
      }
    }
    for key in table.required where entries[key] == nil {
      try faults.report(DiagnosticError("\(table.subject) needs `\(key)`", at: node.position))
    }
    return YAMLNode(.mapping(entries), at: node.position)
  }

  /// A list as written in a file that others are merged over; a single value is completed.
  private mutating func expanded(
    _ node: YAMLNode, as shape: SchemaType
  ) throws(DiagnosticError) -> YAMLNode {
    guard node.sequence == nil, case .completing(let complete, _) = shape else { return node }
    return try complete(node, &self)
  }

  /// Docker Compose validates files as JSON, which has neither infinity nor NaN.
  private func refuseInfinity(_ node: YAMLNode) throws(DiagnosticError) {
    if case .decimal(let value) = node.content, !value.isFinite {
      throw DiagnosticError("JSON can't represent this number", at: node.position)
    }
    if let entries = node.mapping {
      for entry in entries.values { try refuseInfinity(entry.value) }
    } else if let items = node.sequence {
      for item in items { try refuseInfinity(item) }
    }
  }

  private func unknown(
    _ key: String, in table: ObjectSchema, at position: SourcePosition
  ) -> DiagnosticError {
    let hint = table.similar(to: key).map { "; did you mean `\($0)`?" } ?? ""
    return DiagnosticError("\(table.subject) has no key `\(key)`\(hint)", at: position)
  }

  private mutating func names(
    _ node: YAMLNode, _ inner: SchemaType, allowsNull: Bool, name: String
  ) throws(DiagnosticError) -> YAMLNode {
    guard case .mapping(var entries) = node.content else {
      throw DiagnosticError.wrongKind(node, name, "a mapping")
    }
    for index in entries.elements.indices {
      let (key, entry) = entries.elements[index]
      guard !key.isEmpty, key.utf8.allSatisfy(Self.isNameByte) else {
        try faults.report(
          DiagnosticError(
            "`\(key)` under `\(name)` is not a name: only letters, digits, `.`, `_` and `-` are allowed",
            at: entry.keyPosition))
        continue
      }
      if entry.value.isNull {
        if allowsNull { continue }
        try faults.report(
          DiagnosticError("`\(key)` must be a mapping, not null", at: entry.keyPosition))
        faults?.markBroken(key: entry.keyPosition)
        continue
      }
      let known = faults?.faults.count
      entries.values[index].value = try readCollecting(entry.value, as: inner, name: key)
      if faults?.faults.count != known { faults?.markBroken(key: entry.keyPosition) }
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
}

extension DiagnosticError {
  /// The error for a value of the wrong type.
  static func wrongKind(_ node: YAMLNode, _ name: String, _ wanted: String) -> DiagnosticError {
    DiagnosticError("`\(name)` must be \(wanted), not \(node.kind)", at: node.position)
  }
}
