import YAML

/// `devices:` of a service (Compose specification, "devices").
enum Devices {
  static let shape = SchemaType.expanding(expand, .list(.fields(keys)))

  private static let keys = ObjectSchema(
    "a device",
    [
      SchemaProperty("source", .string, mapsTo: "PathOnHost", is: .needs(.devices)),
      SchemaProperty("target", .string, mapsTo: "PathInContainer", is: .harmless),
      SchemaProperty("permissions", .string, mapsTo: "CgroupPermissions", is: .harmless),
    ], required: ["source", "target"])

  /// Converts `source[:target[:permissions]]` to a mapping.
  @Sendable private static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    try node.expandingItems { (item) throws(DiagnosticError) in
      guard let text = item.string else { return item }
      try canonicalizer.budget.take(1, .mounts, at: item.position)
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard parts.count <= 3 else {
        throw DiagnosticError(
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
