import OrderedCollections
import YAML

/// Values that the format of Compose 1 interprets differently from the modern format.
enum LegacyForms {
  /// `restart:`, a policy with an optional number.
  static let restart = Pattern(wanted: "a policy such as always, or on-failure:5") { text in
    let (_, count) = text.split(":")
    return count.map { Int($0) != nil } ?? true
  }
  /// A port of a container, or a range of ports.
  static let exposed = Pattern(wanted: "a port such as 3000, 3000-3005 or 53/udp") { text in
    let (ports, transport) = text.split("/")
    if let transport {
      guard !transport.isEmpty, transport.allSatisfy({ $0.isASCII && $0.isLetter }) else {
        return false
      }
    }
    let (first, last) = ports.split("-")
    return [first, last ?? first].allSatisfy { number in
      !number.isEmpty && number.allSatisfy { $0.isASCII && $0.isNumber }
    }
  }
  /// An entry of `security_opt`.
  static let option = Pattern(wanted: "`NAME:VALUE` or no-new-privileges") { text in
    text == "no-new-privileges" || text.contains("=") || text.contains(":")
  }
  /// An entry of `volumes_from`.
  static let source = Pattern(wanted: "`SERVICE` or `SERVICE:MODE`") { text in
    text.split(separator: ":", omittingEmptySubsequences: false).count <= 2
  }

  /// Validates each string of a list.
  static func each(_ pattern: Pattern) -> NodeTransform {
    { (node, _) throws(DiagnosticError) in
      for item in node.sequence ?? [] {
        guard let text = item.string, !pattern.accepts(text) else { continue }
        throw DiagnosticError("this must be \(pattern.wanted), not `\(text)`", at: item.position)
      }
      return node
    }
  }

  /// Splits a command line like Python's `shlex`; shell operators are ordinary words.
  @Sendable static func words(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard let line = node.string else { return node }
    try canonicalizer.refuseLong(node, most: Canonicalizer.longestCommand)
    guard let words = PosixWords.split(line) else {
      throw DiagnosticError(
        "`\(line)` can't be split into words: a quote is not closed, or it ends in a backslash",
        at: node.position)
    }
    return try canonicalizer.list(of: words, at: node.position)
  }

  /// Converts a `cpu_quota:` that is a duration to microseconds.
  @Sendable static func quota(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard let text = node.string, Int64(text) == nil,
      let quota = ComposeDuration.duration(text)
    else { return node }
    return YAMLNode(.integer(quota.nanoseconds / 1000), at: node.position)
  }

  /// Converts a list of hosts and addresses to a mapping.
  @Sendable static func hosts(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard let items = node.sequence else { return node }
    var hosts = YAMLNode(mappingAt: node.position)
    for item in items {
      let (host, address) = (item.string ?? "").split(":")
      guard let address else {
        throw DiagnosticError("a host must have the form \"NAME:ADDRESS\"", at: item.position)
      }
      hosts.set(trimmed(host), YAMLNode(.string(trimmed(address)), at: item.position))
    }
    return hosts
  }

  /// Throws if a soft limit exceeds the hard limit.
  @Sendable static func limits(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    for (name, entry) in node.mapping ?? [:] {
      guard let soft = entry.value["soft"]?.integer, let hard = entry.value["hard"]?.integer,
        soft > hard
      else { continue }
      throw DiagnosticError(
        "the soft limit of `\(name)` can't be above the hard limit", at: entry.keyPosition)
    }
    return node
  }

  @Sendable static func noBooleans(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    for (name, entry) in node.mapping ?? [:] where entry.value.boolean != nil {
      throw DiagnosticError(
        "`\(name)` can't be a boolean; write it in quotes", at: entry.value.position)
    }
    return node
  }

  @Sendable static func noNulls(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    for (name, entry) in node.mapping ?? [:]
    where entry.value.isNull && entry.keyPosition != entry.value.position {
      throw DiagnosticError("`\(name)` needs a value", at: entry.keyPosition)
    }
    return node
  }

  /// The identity of a link: its name in the container.
  @Sendable static func alias(_ node: YAMLNode) -> String? {
    let (target, alias) = (node.string ?? "").split(":")
    return alias.flatMap { $0.isEmpty ? nil : $0 } ?? target
  }

  /// The identity of a volume or device: its path in the container.
  @Sendable static func inside(_ node: YAMLNode) -> String? {
    let parts = (node.string ?? "").split(separator: ":", omittingEmptySubsequences: false)
    return Path.clean(String(parts.count > 1 ? parts[1] : parts.first ?? ""))
  }

  private static func trimmed(_ text: String) -> String {
    let start = text.drop { $0.isWhitespace }
    return String(start.reversed().drop { $0.isWhitespace }.reversed())
  }
}

/// Splits a command line like a POSIX shell, without expansion.
enum PosixWords {
  /// The words; nil if a quote is not closed or the line ends in a backslash.
  static func split(_ line: String) -> [String]? {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in line {
      if isEscaped {
        // In double quotes, a backslash escapes only a quote or another backslash.
        if quote != nil, character != "\"", character != "\\" { word?.append("\\") }
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
        word = word ?? ""
      } else if let open = quote {
        if character == open { quote = nil } else { word?.append(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character.isWhitespace {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    guard !isEscaped, quote == nil else { return nil }
    return words + [word].compactMap(\.self)
  }
}
