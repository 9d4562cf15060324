import OrderedCollections
import YAML

/// `env_file:` of a service (Compose specification, "env_file").
enum EnvironmentFiles {
  static let shape = SchemaType.expanding(
    expand, .list(.completing(complete, .fields(keys))))

  private static let keys = ObjectSchema(
    "an entry of `env_file`",
    [
      SchemaProperty("path", .string, mapsTo: "Env", is: .hostPath(.read)),
      SchemaProperty(
        "required", .boolean, omit: .whenTrue, mapsTo: "whether it may be missing", is: .harmless),
      SchemaProperty("format", .string, mapsTo: "the format", is: .harmless),
    ], required: ["path"], allowsExtensions: false)

  /// Converts a path, or a list of paths and mappings, to a list of mappings.
  @Sendable private static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    let list = node.string == nil ? node : YAMLNode(.sequence([node]), at: node.position)
    return try list.expandingItems { (item) throws(DiagnosticError) in
      try canonicalizer.budget.take(1, .files, at: item.position)
      guard let text = item.string else { return item }
      var file = YAMLNode(mappingAt: item.position)
      file.set("path", text: text)
      return file
    }
  }

  /// `label_file:` of a service (Compose specification, "label_file").
  static let labelFiles = SchemaType.expanding(count, .stringOrStrings)

  @Sendable private static func count(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    try canonicalizer.budget.take(node.sequence?.count ?? 1, .files, at: node.position)
    return node
  }

  @Sendable private static func complete(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard node.mapping != nil, node["required"] == nil else { return node }
    var file = node
    file.set("required", YAMLNode(.boolean(true), at: node.position))
    return file
  }
}
