import OrderedCollections
import YAML

/// The top-level `secrets:` (Compose specification, "Secrets top-level element").
enum Secrets {
  static let keys = ObjectSchema(
    "a secret",
    [
      SchemaProperty(
        "name", .string, mapsTo: "the name that secret-command receives",
        is: .confined("the operator's secret-command decides")),
      SchemaProperty("file", .string, mapsTo: "the source of the value", is: .hostPath(.read)),
      SchemaProperty("environment", .string, mapsTo: "the source of the value", is: .harmless),
      SchemaProperty(
        "external", .boolean,
        mapsTo: "the value from the operator's secret-command, else refused",
        is: .confined("refused, or the operator's secret-command decides")),
      SchemaProperty(
        "labels", .pairs(.labels, distinct: true), mapsTo: "passed to secret-command",
        is: .confined("the operator's secret-command decides")),
      SchemaProperty("driver", .string, mapsTo: "refused: for swarms", is: .confined("refused")),
      SchemaProperty("driver_opts", .pairs(.secretOptions), never: "for swarms"),
      SchemaProperty(
        "template_driver", .string, mapsTo: "refused: for swarms", is: .confined("refused")),
    ])
}

/// The top-level `configs:` (Compose specification, "Configs top-level element").
enum Configs {
  static let keys = ObjectSchema(
    "a config",
    [
      SchemaProperty(
        "name", .string, mapsTo: "the name that secret-command receives",
        is: .confined("the operator's secret-command decides")),
      SchemaProperty("file", .string, mapsTo: "the source of the value", is: .hostPath(.read)),
      SchemaProperty("environment", .string, mapsTo: "the source of the value", is: .harmless),
      SchemaProperty("content", .string, mapsTo: "the value", is: .harmless),
      SchemaProperty(
        "external", .boolean,
        mapsTo: "the value from the operator's secret-command, else refused",
        is: .confined("refused, or the operator's secret-command decides")),
      SchemaProperty(
        "labels", .pairs(.labels, distinct: true), mapsTo: "passed to secret-command",
        is: .confined("the operator's secret-command decides")),
      SchemaProperty(
        "template_driver", .string, mapsTo: "refused: for swarms", is: .confined("refused")),
    ])
}

/// The top-level `volumes:` (Compose specification, "Volumes top-level element").
enum Volumes {
  static let keys = ObjectSchema(
    "a volume",
    [
      SchemaProperty("name", .string, mapsTo: "Name", is: .confined("prefixed with the project")),
      SchemaProperty("driver", .string, mapsTo: "Driver", is: .needs(.volumeDrivers)),
      SchemaProperty(
        "driver_opts", .pairs(.driverOptions), mapsTo: "DriverOpts", is: .needs(.volumeDrivers)),
      SchemaProperty(
        "external", .boolean, mapsTo: "neither created nor removed",
        is: .needs(.volumes)),
      SchemaProperty(
        "labels", .pairs(.labels, distinct: true), mapsTo: "Labels",
        is: .confined("not the executor's own keys")),
    ])
}

/// `external:` of objects that the project doesn't create.
enum External {
  /// Converts the obsolete form `external: {name: NAME}` to `external: true` and `name: NAME`.
  @Sendable static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    for (key, entry) in node["external"]?.mapping ?? [:] where key != "name" && !key.hasPrefix("x-")
    {
      throw DiagnosticError("`external` has no key `\(key)`", at: entry.keyPosition)
    }
    return try expandFile(node, &canonicalizer)
  }

  /// The same conversion for configs and secrets, for which Docker Compose ignores other keys.
  @Sendable static func expandFile(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard var entries = node.mapping, let external = entries["external"],
      let inner = external.value.mapping
    else { return node }
    let position = external.value.position
    entries["external"]?.value = YAMLNode(.boolean(true), at: position)
    if let name = inner["name"] {
      canonicalizer.warn(
        "`external.name` is deprecated; write `external: true` and `name`", at: position)
      if let own = entries["name"]?.value, own != name.value {
        throw DiagnosticError(
          "`name` and `external.name` differ; use `name` alone", at: name.keyPosition)
      }
      entries["name"] = name
    }
    return YAMLNode(.mapping(entries), at: node.position)
  }
}
