import YAML

/// `extends:` of a service (Compose specification, "extends").
enum Extends {
  static let keys = ObjectSchema(
    "`extends`",
    [
      SchemaProperty("file", .string, mapsTo: "another file", is: .hostPath(.read)),
      SchemaProperty("service", .string, mapsTo: "another service", is: .harmless),
    ], required: ["service"])

  /// Converts a service name to a mapping.
  @Sendable static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard node.string != nil else { return node }
    var extends = YAMLNode(mappingAt: node.position)
    extends.set("service", node)
    return extends
  }
}

/// `include:` (Compose specification, "Include").
enum Includes {
  static let shape = SchemaType.expanding(expand, .list(.fields(keys)))

  private static let keys = ObjectSchema(
    "an entry of `include`",
    [
      SchemaProperty("path", .stringOrStrings, mapsTo: "further files", is: .hostPath(.read)),
      SchemaProperty(
        "env_file", .optional(.stringOrStrings), mapsTo: "variables of these files",
        is: .hostPath(.read)),
      SchemaProperty(
        "project_directory", .string, mapsTo: "the base of relative paths in these files",
        is: .hostPath(.read)
      ),
    ], ignoresUnknown: true)

  /// Converts a path to a mapping.
  @Sendable private static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    try node.expandingItems { (item) throws(DiagnosticError) in
      guard item.string != nil else { return item }
      var include = YAMLNode(mappingAt: item.position)
      include.set("path", YAMLNode(.sequence([item]), at: item.position))
      return include
    }
  }
}

/// Patterns of names.
enum Names {
  /// `container_name`: like Docker Compose, accepts any text that contains a valid name.
  static let container = Pattern(wanted: "a name of letters, digits, `_`, `.` and `-`") { text in
    let bytes = Array(text.utf8)
    return zip(bytes, bytes.dropFirst()).contains { first, second in
      isLetterOrDigit(first) && (isLetterOrDigit(second) || "_.-".utf8.contains(second))
    }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }
}

/// `pull_policy:` (Compose specification, "pull_policy").
enum PullPolicies {
  static let pattern = Pattern(
    wanted: "always, missing, never, build, refresh, daily, weekly or every_ and a duration"
  ) { words.contains($0) || hasPeriod($0) }

  private static let words: Set = [
    "always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly",
  ]

  /// True for `every_` followed by numbers with a unit each.
  private static func hasPeriod(_ text: String) -> Bool {
    guard text.hasPrefix("every_") else { return false }
    var rest = text.dropFirst(6)
    guard !rest.isEmpty else { return false }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard !digits.isEmpty, let unit = rest.dropFirst(digits.count).first, "wdhms".contains(unit)
      else { return false }
      rest = rest.dropFirst(digits.count + 1)
    }
    return true
  }
}
