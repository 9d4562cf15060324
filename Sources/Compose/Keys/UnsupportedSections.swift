import YAML

/// `develop:` of a service (Compose Develop specification).
enum Development {
  static let keys = ObjectSchema(
    "`develop`",
    [
      SchemaProperty("watch", .list(.fields(watchKeys)), never: "for desktops")
    ])

  private static let watchKeys = ObjectSchema(
    "an entry of `watch`",
    [
      SchemaProperty("path", .string, omit: .unset, never: "for desktops"),
      SchemaProperty("action", .word(actions), omit: .unset, never: "for desktops"),
      SchemaProperty("target", .string, never: "for desktops"),
      SchemaProperty("exec", .fields(Hooks.keys), omit: .emptyInYAML, never: "for desktops"),
      SchemaProperty("include", .stringOrStrings, never: "for desktops"),
      SchemaProperty("ignore", .stringOrStrings, never: "for desktops"),
      SchemaProperty("initial_sync", .strictBoolean, never: "for desktops"),
    ], required: ["path", "action"], formerNames: ["x-initialSync": "initial_sync"])

  private static let actions = ["rebuild", "sync", "restart", "sync+restart", "sync+exec"]
}

/// `provider:` of a service (Compose specification, "provider").
enum Providers {
  static let keys = ObjectSchema(
    "`provider`",
    [
      SchemaProperty("type", .string, never: "for desktops"),
      SchemaProperty("options", .manyValued, never: "for desktops"),
    ], required: ["type"])
}

/// Models: the top-level entries and those of a service (Compose specification, "models").
enum Models {
  static let keys = ObjectSchema(
    "a model",
    [
      SchemaProperty("name", .string, never: "for desktops"),
      SchemaProperty("model", .string, never: "for desktops"),
      SchemaProperty("context_size", .integer(.whole), never: "for desktops"),
      SchemaProperty("runtime_flags", .strings, never: "for desktops"),
    ], required: ["model"])

  static let attachments = SchemaType.names(.fields(attachmentKeys), allowsNull: true)

  private static let attachmentKeys = ObjectSchema(
    "a service's model",
    [
      SchemaProperty("endpoint_var", .string, never: "for desktops"),
      SchemaProperty("model_var", .string, never: "for desktops"),
    ])

  /// Converts a list of names to a mapping of names to null.
  @Sendable static func expandNames(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    try node.namesToNothing("model")
  }
}
