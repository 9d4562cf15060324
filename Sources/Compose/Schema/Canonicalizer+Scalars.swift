import OrderedCollections
import YAML

extension Canonicalizer {
  /// The canonical form of a scalar or of a list of scalars.
  mutating func scalar(
    _ node: YAMLNode, as shape: SchemaType, name: String
  ) throws(DiagnosticError) -> YAMLNode {
    var node = node
    switch shape {
    case .matching, .boolean, .integer, .decimal, .bytes, .duration, .fileMode:
      try refuseLong(node)
    default: break
    }
    switch shape {
    case .string:
      guard node.string != nil else { throw needsString(node, name) }
    case .stringOrInteger:
      if let value = node.integer, !isMerging { node.content = .string(String(value)) }
      guard node.string != nil || isMerging && node.integer != nil else {
        throw DiagnosticError.wrongKind(node, name, "a string or a whole number")
      }
    case .word(let words):
      guard let word = node.string else { throw needsString(node, name) }
      guard words.contains(word) else {
        throw DiagnosticError(
          "`\(name)` must be \(words.joined(separator: ", ")), not `\(word)`", at: node.position)
      }
    case .matching(let pattern):
      guard let text = node.string else { throw needsString(node, name) }
      guard pattern.accepts(text) else {
        throw DiagnosticError(
          "`\(name)` must be \(pattern.wanted), not `\(text)`", at: node.position)
      }
    case .boolean: node.content = .boolean(try boolean(node, name: name))
    case .strictBoolean:
      guard node.boolean != nil else {
        throw DiagnosticError.wrongKind(node, name, "true or false")
      }
    case .booleanText:
      if let value = node.boolean { node.content = .string(value ? "true" : "false") }
      guard node.string != nil else { throw needsString(node, name) }
    case .integer(let kind): node.content = try integer(node, kind, name: name)
    case .decimal: node.content = .single(try decimal(node, name: name))
    case .bytes(let forms):
      if isMerging, node.string != nil { break }
      node.content = .string(String(try bytes(node, forms, name: name)))
    case .duration:
      guard let value = node.string.flatMap(ComposeDuration.duration) else {
        throw mismatch(node, name, "a duration such as 10s or 1m30s", quoting: true)
      }
      node.content = .string(ComposeDuration.text(value))
    case .fileMode:
      guard let value = node.integer ?? node.string.flatMap({ Int64($0, radix: 8) }) else {
        throw mismatch(node, name, "permissions such as \"0444\"", quoting: true)
      }
      node.content = .string((value < 0 ? "0-" : "0") + String(value.magnitude, radix: 8))
    case .strings: try list(node, name: name)
    case .distinctStrings:
      try list(node, name: name)
      try refuseTwice(node, name: name)
    case .stringOrStrings:
      try list(node, name: name, orString: true)
      try refuseTwice(node, name: name)
    case .texts:
      guard node.sequence != nil else { throw DiagnosticError.wrongKind(node, name, "a list") }
      var seen: Set<String> = []
      for item in node.sequence ?? [] {
        switch item.content {
        case .string, .integer:
          let isText = item.string != nil
          guard seen.insert((isText ? "s" : "n") + (item.scalarText ?? "")).inserted else {
            throw DiagnosticError("this entry is twice in `\(name)`", at: item.position)
          }
        default: throw DiagnosticError.wrongKind(item, name, "a list of strings and whole numbers")
        }
      }
    case .command: node = try command(node, name: name)
    case .test: node = try test(node, name: name)
    case .any, .hosts, .pairs, .manyValued, .fields, .names, .list, .optional, .either, .expanding,
      .completing:
      break
    }
    return node
  }

  private mutating func boolean(_ node: YAMLNode, name: String) throws(DiagnosticError) -> Bool {
    if let value = node.boolean { return value }
    guard let text = node.string else {
      throw DiagnosticError.wrongKind(node, name, "true or false")
    }
    switch text.lowercased() {
    case "true": return true
    case "false": return false
    case "y", "yes", "on":
      warn("`\(text)` is not a boolean in YAML 1.2; write `true`", at: node.position)
      return true
    case "n", "no", "off":
      warn("`\(text)` is not a boolean in YAML 1.2; write `false`", at: node.position)
      return false
    default: throw mismatch(node, name, "true or false", quoting: true)
    }
  }

  private func decimal(_ node: YAMLNode, name: String) throws(DiagnosticError) -> Float {
    let value: Float? =
      switch node.content {
      case .integer(let value): Float(value)
      case .unsigned(let value): Float(value)
      case .decimal(let value): Float(value)
      case .single(let value): value
      case .string(let text): text.contains { "xX".contains($0) } ? nil : Float(text)
      default: nil
      }
    guard let value, value.isFinite else {
      throw mismatch(node, name, "a number such as 0.5", quoting: true)
    }
    return value
  }

  private func list(
    _ node: YAMLNode, name: String, orString: Bool = false
  ) throws(DiagnosticError) {
    guard let items = node.sequence else {
      throw DiagnosticError.wrongKind(
        node, name, orString ? "a string or a list of strings" : "a list of strings")
    }
    for item in items where item.string == nil {
      throw DiagnosticError(
        "an entry of `\(name)` must be a string, not \(item.kind)\(item.scalarText == nil ? "" : "; write it in quotes")",
        at: item.position)
    }
  }

  private mutating func command(_ node: YAMLNode, name: String) throws(DiagnosticError) -> YAMLNode
  {
    if node.isNull { return node }
    guard let line = node.string else {
      guard node.sequence != nil else {
        throw DiagnosticError.wrongKind(node, name, "a string or a list of strings")
      }
      try list(node, name: name)
      return node
    }
    try refuseLong(node, most: Self.longestCommand)
    guard let split = ShellWords(line) else {
      throw DiagnosticError(
        "`\(name)` can't be split into words: a quote or a parenthesis is not closed; close it, or write a list of words",
        at: node.position)
    }
    if let stop = split.stoppedAt {
      warn(
        "`\(name)`: the text from the first `\(stop)` outside quotes is ignored, as by Docker Compose; for a shell write [\"sh\", \"-c\", \"…\"]",
        at: node.position)
    }
    return try list(of: split.words, at: node.position)
  }

  /// A list of the words of a command line.
  func list(
    of words: [String], at position: SourcePosition
  ) throws(DiagnosticError) -> YAMLNode {
    guard budget.takeEntries(words.count) else {
      throw DiagnosticError(
        "with these words the files have more keys and list items than the maximum of \(InputBudget.mostEntries)",
        at: position)
    }
    return YAMLNode(.sequence(words.map { YAMLNode(.string($0), at: position) }), at: position)
  }

  /// The maximum of a value that is parsed, such as a port, a path or a duration, in bytes.
  private static let longestValue = 64 << 10
  /// The maximum of a command line that is split, in bytes. Linux accepts 2 MiB of arguments.
  static let longestCommand = 1 << 20

  /// Throws for a string that is too long to be a meaningful value of its type.
  func refuseLong(_ node: YAMLNode, most: Int = longestValue) throws(DiagnosticError) {
    guard let count = node.string?.utf8.count, count > most else { return }
    throw DiagnosticError(
      "the value has \(count) bytes, more than the maximum of \(most)", at: node.position)
  }

  private func test(_ node: YAMLNode, name: String) throws(DiagnosticError) -> YAMLNode {
    if node.string != nil {
      let shell = YAMLNode(.string("CMD-SHELL"), at: node.position)
      return YAMLNode(.sequence([shell, node]), at: node.position)
    }
    guard let items = node.sequence else {
      throw DiagnosticError.wrongKind(node, name, "a string or a list of strings")
    }
    try list(node, name: name)
    if let first = items.first, !["CMD", "CMD-SHELL", "NONE"].contains(first.string) {
      throw DiagnosticError(
        "a healthcheck's test must start with CMD, CMD-SHELL or NONE", at: first.position)
    }
    return node
  }

  private func needsString(_ node: YAMLNode, _ name: String) -> DiagnosticError {
    let hint = node.scalarText == nil ? "" : "; write it in quotes"
    return DiagnosticError("`\(name)` must be a string, not \(node.kind)\(hint)", at: node.position)
  }

  private func mismatch(
    _ node: YAMLNode, _ name: String, _ wanted: String, quoting: Bool
  ) -> DiagnosticError {
    guard quoting, let text = node.scalarText else { return .wrongKind(node, name, wanted) }
    return DiagnosticError("`\(name)` must be \(wanted), not `\(text)`", at: node.position)
  }

  private mutating func integer(
    _ node: YAMLNode, _ kind: IntegerRule, name: String
  ) throws(DiagnosticError) -> YAMLNode.Content {
    guard let value = Self.value(of: node, kind) else {
      throw mismatch(node, name, "a whole number", quoting: true)
    }
    if case .integer(let number) = value, number < kind.least || number > kind.most {
      throw DiagnosticError(
        kind.most == Int64.max
          ? "`\(name)` can't be below \(kind.least)"
          : "`\(name)` must be \(kind.least) to \(kind.most)", at: node.position)
    }
    guard kind.bits < 64 else { return value }
    let all =
      switch value {
      case .integer(let number): UInt64(truncatingIfNeeded: number)
      case .unsigned(let number): number
      default: UInt64(0)
      }
    let kept = all & (1 << UInt64(kind.bits) - 1)
    if kept != all {
      warn("`\(name)` has \(kind.bits) bits: \(all) is reduced to \(kept)", at: node.position)
    }
    return .integer(Int64(kept))
  }

  /// The number converted to 64 bits as in Docker Compose; nil if it is refused.
  private static func value(of node: YAMLNode, _ kind: IntegerRule) -> YAMLNode.Content? {
    switch node.content {
    case .integer: return node.content
    case .unsigned(let value):
      switch kind.overflow {
      case .refused: return nil
      case .signed: return .integer(Int64(bitPattern: value))
      case .unsigned: return .unsigned(value)
      }
    case .decimal(let value):
      guard kind.takesDecimals, kind.takesFractions || value == value.rounded() else { return nil }
      if let whole = Int64(exactly: value.rounded(.towardZero)) { return .integer(whole) }
      switch kind.overflow {
      case .refused: return nil
      case .signed: return .integer(.min)
      case .unsigned:
        return value < 0 ? .integer(.min) : .unsigned(value < 0x1p64 ? UInt64(value) : 1 << 63)
      }
    case .string(let text) where kind.takesText: return Int64(text).map { .integer($0) }
    default: return nil
    }
  }

  private func bytes(
    _ node: YAMLNode, _ forms: ByteForms, name: String
  ) throws(DiagnosticError) -> Int64 {
    switch (node.content, forms) {
    case (.integer(let value), .numberOrText), (.integer(let value), .wholeOrText): return value
    case (.integer(let value), .countOrText) where value >= 0: return value
    case (.decimal, .numberOrText), (.unsigned, .numberOrText), (.unsigned, .wholeOrText),
      (.unsigned, .countOrText):
      return 0
    case (.decimal(let value), .wholeOrText) where value == value.rounded(): return 0
    case (.decimal(let value), .countOrText) where value == value.rounded() && value >= 0: return 0
    case (.string(let text), _):
      if let size = ByteSize(text) { return size.bytes }
    default: break
    }
    throw mismatch(node, name, "a byte size such as 512m or 1g", quoting: true)
  }

  private func refuseTwice(_ node: YAMLNode, name: String) throws(DiagnosticError) {
    var seen: Set<String> = []
    for item in node.sequence ?? [] where !seen.insert(item.string ?? "").inserted {
      throw DiagnosticError("this entry is twice in `\(name)`", at: item.position)
    }
  }
}
