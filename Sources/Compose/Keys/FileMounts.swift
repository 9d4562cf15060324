import OrderedCollections
import YAML

/// `configs:` and `secrets:` of a service (Compose specification, "configs", "secrets").
enum FileMounts {
  static let shape = SchemaType.expanding(expand, .list(.fields(keys)))
  static let secrets = SchemaType.expanding(
    expand, .completing(complete, .list(.fields(keys))))

  private static let keys = ObjectSchema(
    "a file",
    [
      SchemaProperty("source", .string, mapsTo: "the secret or config", is: .harmless),
      SchemaProperty("target", .string, mapsTo: "the path in the container", is: .harmless),
      SchemaProperty("uid", .string, mapsTo: "the owner of the file", is: .harmless),
      SchemaProperty("gid", .string, mapsTo: "the group of the file", is: .harmless),
      SchemaProperty(
        "mode", .fileMode, omit: .unset, mapsTo: "the permissions of the file", is: .harmless),
    ])

  /// The identity of a config: its path in the container.
  @Sendable static func target(_ node: YAMLNode) -> String? {
    node["target"]?.string ?? "/" + (node["source"]?.string ?? "")
  }

  /// The identity of a secret: its path in the container.
  @Sendable static func secretTarget(_ node: YAMLNode) -> String? {
    node["target"]?.string ?? "/run/secrets/" + (node["source"]?.string ?? "")
  }

  /// Converts a name without other keys to a mapping.
  @Sendable private static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    try node.expandingItems { (item) throws(DiagnosticError) in
      guard let name = item.string else { return item }
      var mount = YAMLNode(mappingAt: item.position)
      mount.set("source", text: name)
      return mount
    }
  }

  /// Sets the default path of a secret, `/run/secrets/NAME`.
  @Sendable private static func complete(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    try node.expandingItems { (item) throws(DiagnosticError) in
      guard item.mapping != nil, item["target"] == nil else { return item }
      var mount = item
      mount.set("target", text: "/run/secrets/" + (item["source"]?.string ?? ""))
      return mount
    }
  }
}
