extension Canonicalizer {
  /// A scalar, or a list of scalars, in its canonical form.
  mutating func scalar(
    _ node: YAMLNode, as shape: Shape, name: String
  ) throws(ComposeError) -> YAMLNode {
    var node = node
    switch shape {
    case .string:
      guard node.string != nil else { throw needsString(node, name) }
    case .optionalString:
      guard node.string != nil || node.isNull else { throw needsString(node, name) }
    case .stringOrInteger:
      if let value = node.integer { node.content = .string(String(value)) }
      guard node.string != nil else {
        throw ComposeError.wrongKind(node, name, "a string or a whole number")
      }
    case .boolean: node.content = .boolean(try boolean(node, name: name))
    case .integer:
      guard let value = node.integer ?? node.string.flatMap(Self.integer) else {
        throw mismatch(node, name, "a whole number", quoting: true)
      }
      node.content = .integer(value)
    case .decimal: node.content = .single(try decimal(node, name: name))
    case .bytes:
      guard let value = node.integer ?? node.string.flatMap(ByteSize.bytes) else {
        throw mismatch(node, name, "a byte size such as 512m or 1g", quoting: true)
      }
      node.content = .string(String(value))
    case .duration:
      guard let value = node.string.flatMap(ComposeDuration.nanoseconds) else {
        throw mismatch(node, name, "a duration such as 10s or 1m30s", quoting: true)
      }
      node.content = .string(ComposeDuration.text(value))
    case .strings: try list(node, name: name)
    case .distinctStrings:
      try list(node, name: name)
      var seen: Set<String> = []
      for item in node.sequence ?? [] where !seen.insert(item.string ?? "").inserted {
        throw ComposeError("this stands twice in `\(name)`", at: item.position)
      }
    case .stringOrStrings:
      if node.string != nil { node = YAMLNode(.sequence([node]), at: node.position) }
      try list(node, name: name, orString: true)
    case .texts:
      guard node.sequence != nil else { throw ComposeError.wrongKind(node, name, "a list") }
      try node.editItems { (item) throws(ComposeError) in
        switch item.content {
        case .string, .integer, .decimal: item.content = .string(item.scalarText ?? "")
        default: throw ComposeError.wrongKind(item, name, "a list of strings and numbers")
        }
      }
    case .command: node = try command(node, name: name)
    case .test: node = try test(node, name: name)
    case .any, .pairs, .fields, .names, .list, .expanding, .later: break
    }
    return node
  }

  private mutating func boolean(_ node: YAMLNode, name: String) throws(ComposeError) -> Bool {
    if let value = node.boolean { return value }
    guard let text = node.string else { throw ComposeError.wrongKind(node, name, "true or false") }
    switch text.lowercased() {
    case "true": return true
    case "false": return false
    case "y", "yes", "on":
      warn("`\(text)` is no boolean in YAML 1.2; write `true`", at: node.position)
      return true
    case "n", "no", "off":
      warn("`\(text)` is no boolean in YAML 1.2; write `false`", at: node.position)
      return false
    default: throw mismatch(node, name, "true or false", quoting: true)
    }
  }

  private func decimal(_ node: YAMLNode, name: String) throws(ComposeError) -> Float {
    let value: Float? =
      switch node.content {
      case .integer(let value): Float(value)
      case .decimal(let value): Float(value)
      case .single(let value): value
      case .string(let text): Float(text)
      default: nil
      }
    guard let value, value.isFinite, value >= 0 else {
      throw mismatch(node, name, "a number such as 0.5", quoting: true)
    }
    return value
  }

  private func list(
    _ node: YAMLNode, name: String, orString: Bool = false
  ) throws(ComposeError) {
    guard let items = node.sequence else {
      throw ComposeError.wrongKind(
        node, name, orString ? "a string or a list of strings" : "a list of strings")
    }
    for item in items where item.string == nil {
      throw ComposeError(
        "an entry of `\(name)` must be a string, not \(item.kind)\(item.scalarText == nil ? "" : "; write it in quotes")",
        at: item.position)
    }
  }

  private mutating func command(_ node: YAMLNode, name: String) throws(ComposeError) -> YAMLNode {
    if node.isNull { return node }
    guard let line = node.string else {
      guard node.sequence != nil else {
        throw ComposeError.wrongKind(node, name, "a string or a list of strings")
      }
      try list(node, name: name)
      return node
    }
    guard let split = ShellWords(line) else {
      throw ComposeError(
        "`\(name)` can't be split into words: a quote or a parenthesis is not closed; a list of words avoids it",
        at: node.position)
    }
    if let stop = split.stoppedAt {
      warn(
        "`\(name)`: what follows the first `\(stop)` outside quotes is dropped, as Docker Compose does; for a shell write [\"sh\", \"-c\", \"…\"]",
        at: node.position)
    }
    let words = split.words.map { YAMLNode(.string($0), at: node.position) }
    return YAMLNode(.sequence(words), at: node.position)
  }

  private func test(_ node: YAMLNode, name: String) throws(ComposeError) -> YAMLNode {
    if node.string != nil {
      let shell = YAMLNode(.string("CMD-SHELL"), at: node.position)
      return YAMLNode(.sequence([shell, node]), at: node.position)
    }
    guard let items = node.sequence else {
      throw ComposeError.wrongKind(node, name, "a string or a list of strings")
    }
    try list(node, name: name)
    if let first = items.first, !["CMD", "CMD-SHELL", "NONE"].contains(first.string) {
      throw ComposeError(
        "a healthcheck's test must start with CMD, CMD-SHELL or NONE", at: first.position)
    }
    return node
  }

  private func needsString(_ node: YAMLNode, _ name: String) -> ComposeError {
    let hint = node.scalarText == nil ? "" : "; write it in quotes"
    return ComposeError("`\(name)` must be a string, not \(node.kind)\(hint)", at: node.position)
  }

  private func mismatch(
    _ node: YAMLNode, _ name: String, _ wanted: String, quoting: Bool
  ) -> ComposeError {
    guard quoting, let text = node.scalarText else { return .wrongKind(node, name, wanted) }
    return ComposeError("`\(name)` must be \(wanted), not `\(text)`", at: node.position)
  }

  private static func integer(_ text: String) -> Int64? { Int64(text) }
}
