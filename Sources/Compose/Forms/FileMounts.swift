import OrderedCollections
import YAML

/// `configs:` and `secrets:` of a service (Compose specification, "configs", "secrets").
enum FileMounts {
  static let shape = Shape.expanding(expand, .list(.fields(keys)))
  static let secrets = Shape.expanding(
    expand, .completing(complete, .list(.fields(keys))))

  private static let keys = KeyTable(
    "a file",
    [
      Key("source", .string, goes: "the secret or config", is: .harmless),
      Key("target", .string, goes: "the path in the container", is: .harmless),
      Key("uid", .string, goes: "the owner of the file", is: .harmless),
      Key("gid", .string, goes: "the group of the file", is: .harmless),
      Key("mode", .fileMode, omit: .unset, goes: "the permissions of the file", is: .harmless),
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
  ) throws(ComposeError) -> YAMLNode {
    try node.expandingItems { (item) throws(ComposeError) in
      guard let name = item.string else { return item }
      var mount = YAMLNode(mappingAt: item.position)
      mount.set("source", text: name)
      return mount
    }
  }

  /// Sets the default path of a secret, `/run/secrets/NAME`.
  @Sendable private static func complete(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    try node.expandingItems { (item) throws(ComposeError) in
      guard item.mapping != nil, item["target"] == nil else { return item }
      var mount = item
      mount.set("target", text: "/run/secrets/" + (item["source"]?.string ?? ""))
      return mount
    }
  }
}
