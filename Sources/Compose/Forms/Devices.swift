import YAML

/// `devices:` of a service (Compose specification, "devices").
enum Devices {
  static let shape = Shape.expanding(expand, .list(.fields(keys)))

  private static let keys = KeyTable(
    "a device",
    [
      Key("source", .string, goes: "PathOnHost", is: .needs(.devices)),
      Key("target", .string, goes: "PathInContainer", is: .harmless),
      Key("permissions", .string, goes: "CgroupPermissions", is: .harmless),
    ], required: ["source", "target"])

  /// Converts `source[:target[:permissions]]` to a mapping.
  @Sendable private static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    try node.expandingItems { (item) throws(ComposeError) in
      guard let text = item.string else { return item }
      try canonicalizer.budget.take(1, .mounts, at: item.position)
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard parts.count <= 3 else {
        throw ComposeError(
          "`\(text)` is not a device; write `source[:target[:permissions]]`", at: item.position)
      }
      var device = YAMLNode(mappingAt: item.position)
      device.set("source", text: parts[0])
      device.set("target", text: parts.count > 1 && !parts[1].isEmpty ? parts[1] : parts[0])
      device.set("permissions", text: parts.count > 2 ? parts[2] : "rwm")
      return device
    }
  }
}
