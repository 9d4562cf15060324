import YAML

/// `develop:` of a service (Compose Develop specification).
enum Development {
  static let keys = KeyTable(
    "`develop`",
    [
      Key("watch", .list(.fields(watchKeys)), never: "for desktops")
    ])

  private static let watchKeys = KeyTable(
    "an entry of `watch`",
    [
      Key("path", .string, omit: .unset, never: "for desktops"),
      Key("action", .word(actions), omit: .unset, never: "for desktops"),
      Key("target", .string, never: "for desktops"),
      Key("exec", .fields(Hooks.keys), omit: .emptyInYAML, never: "for desktops"),
      Key("include", .stringOrStrings, never: "for desktops"),
      Key("ignore", .stringOrStrings, never: "for desktops"),
      Key("initial_sync", .strictBoolean, never: "for desktops"),
    ], required: ["path", "action"], formerNames: ["x-initialSync": "initial_sync"])

  private static let actions = ["rebuild", "sync", "restart", "sync+restart", "sync+exec"]
}

/// `provider:` of a service (Compose specification, "provider").
enum Providers {
  static let keys = KeyTable(
    "`provider`",
    [
      Key("type", .string, never: "for desktops"),
      Key("options", .manyValued, never: "for desktops"),
    ], required: ["type"])
}

/// Models: the top-level entries and those of a service (Compose specification, "models").
enum Models {
  static let keys = KeyTable(
    "a model",
    [
      Key("name", .string, never: "for desktops"),
      Key("model", .string, never: "for desktops"),
      Key("context_size", .integer(.whole), never: "for desktops"),
      Key("runtime_flags", .strings, never: "for desktops"),
    ], required: ["model"])

  static let attachments = Shape.names(.fields(attachmentKeys), allowsNull: true)

  private static let attachmentKeys = KeyTable(
    "a service's model",
    [
      Key("endpoint_var", .string, never: "for desktops"),
      Key("model_var", .string, never: "for desktops"),
    ])

  /// Converts a list of names to a mapping of names to null.
  @Sendable static func expandNames(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    try node.namesToNothing("model")
  }
}
