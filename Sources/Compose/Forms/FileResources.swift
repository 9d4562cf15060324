import OrderedCollections
import YAML

/// The top-level `secrets:` (Compose specification, "Secrets top-level element").
enum Secrets {
  static let keys = KeyTable(
    "a secret",
    [
      Key(
        "name", .string, goes: "the name that secret-command receives",
        is: .confined("the operator's secret-command decides")),
      Key("file", .string, goes: "the source of the value", is: .hostPath(.read)),
      Key("environment", .string, goes: "the source of the value", is: .harmless),
      Key(
        "external", .boolean,
        goes: "the value from the operator's secret-command, else refused",
        is: .confined("refused, or the operator's secret-command decides")),
      Key(
        "labels", .pairs(.labels, distinct: true), goes: "passed to secret-command",
        is: .confined("the operator's secret-command decides")),
      Key("driver", .string, goes: "refused: for swarms", is: .confined("refused")),
      Key("driver_opts", .pairs(.secretOptions), never: "for swarms"),
      Key("template_driver", .string, goes: "refused: for swarms", is: .confined("refused")),
    ])
}

/// The top-level `configs:` (Compose specification, "Configs top-level element").
enum Configs {
  static let keys = KeyTable(
    "a config",
    [
      Key(
        "name", .string, goes: "the name that secret-command receives",
        is: .confined("the operator's secret-command decides")),
      Key("file", .string, goes: "the source of the value", is: .hostPath(.read)),
      Key("environment", .string, goes: "the source of the value", is: .harmless),
      Key("content", .string, goes: "the value", is: .harmless),
      Key(
        "external", .boolean,
        goes: "the value from the operator's secret-command, else refused",
        is: .confined("refused, or the operator's secret-command decides")),
      Key(
        "labels", .pairs(.labels, distinct: true), goes: "passed to secret-command",
        is: .confined("the operator's secret-command decides")),
      Key("template_driver", .string, goes: "refused: for swarms", is: .confined("refused")),
    ])
}

/// The top-level `volumes:` (Compose specification, "Volumes top-level element").
enum Volumes {
  static let keys = KeyTable(
    "a volume",
    [
      Key("name", .string, goes: "Name", is: .confined("prefixed with the project")),
      Key("driver", .string, goes: "Driver", is: .needs(.volumeDrivers)),
      Key("driver_opts", .pairs(.driverOptions), goes: "DriverOpts", is: .needs(.volumeDrivers)),
      Key(
        "external", .boolean, goes: "neither created nor removed",
        is: .needs(.volumes)),
      Key(
        "labels", .pairs(.labels, distinct: true), goes: "Labels",
        is: .confined("not the executor's own keys")),
    ])
}

/// `external:` of objects that the project doesn't create.
enum External {
  /// Converts the obsolete form `external: {name: NAME}` to `external: true` and `name: NAME`.
  @Sendable static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    for (key, entry) in node["external"]?.mapping ?? [:] where key != "name" && !key.hasPrefix("x-")
    {
      throw ComposeError("`external` has no key `\(key)`", at: entry.keyPosition)
    }
    return try expandFile(node, &canonicalizer)
  }

  /// The same conversion for configs and secrets, for which Docker Compose ignores other keys.
  @Sendable static func expandFile(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    guard var entries = node.mapping, let external = entries["external"],
      let inner = external.value.mapping
    else { return node }
    let position = external.value.position
    entries["external"]?.value = YAMLNode(.boolean(true), at: position)
    if let name = inner["name"] {
      canonicalizer.warn(
        "`external.name` is deprecated; write `external: true` and `name`", at: position)
      if let own = entries["name"]?.value, own != name.value {
        throw ComposeError(
          "`name` and `external.name` differ; use `name` alone", at: name.keyPosition)
      }
      entries["name"] = name
    }
    return YAMLNode(.mapping(entries), at: node.position)
  }
}
