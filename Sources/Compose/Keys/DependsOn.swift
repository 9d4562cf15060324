import OrderedCollections
import YAML

/// `depends_on:` of a service (Compose specification, "depends_on").
enum DependsOn {
  static let shape = SchemaType.names(.completing(complete, .fields(keys)), allowsNull: false)

  private static let keys = ObjectSchema(
    "an entry of `depends_on`",
    [
      SchemaProperty(
        "condition", .word(conditions), mapsTo: "the condition of the start", is: .harmless),
      SchemaProperty("restart", .boolean, mapsTo: "whether both restart together", is: .harmless),
      SchemaProperty(
        "required", .boolean, omit: .unset, mapsTo: "whether it may be missing", is: .harmless),
    ])

  private static let conditions = [
    "service_started", "service_healthy", "service_completed_successfully",
  ]

  /// Converts a list of names to a mapping with default values.
  @Sendable static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard let items = node.sequence else { return node }
    var entries: OrderedDictionary<String, YAMLNode.Entry> = [:]
    for item in items {
      guard let name = item.string else {
        throw DiagnosticError(
          "a service's name must be a string, not \(item.kind)", at: item.position)
      }
      if entries[name] != nil {
        throw DiagnosticError("the service `\(name)` is listed twice", at: item.position)
      }
      entries[name] = YAMLNode.Entry(
        keyPosition: item.position, value: started(at: item.position))
    }
    return YAMLNode(.mapping(entries), at: node.position)
  }

  @Sendable private static func complete(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard node.mapping != nil else { return node }
    guard node["condition"] != nil else {
      throw DiagnosticError(
        "an entry of `depends_on` needs a `condition`, such as `service_started`",
        at: node.position)
    }
    guard node["required"] == nil else { return node }
    var entry = node
    entry.set("required", YAMLNode(.boolean(true), at: node.position))
    return entry
  }

  /// The default entry for a service name; with `restart` if a link or a shared namespace implies
  /// it.
  static func started(at position: SourcePosition, restart: Bool = false) -> YAMLNode {
    var node = YAMLNode(mappingAt: position)
    node.set("condition", YAMLNode(.string("service_started"), at: position))
    if restart { node.set("restart", YAMLNode(.boolean(true), at: position)) }
    node.set("required", YAMLNode(.boolean(true), at: position))
    return node
  }
}
