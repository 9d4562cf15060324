import OrderedCollections
import YAML

/// `gpus:` and the reserved devices of a deployment (Compose specification, "gpus"; Compose Deploy
/// specification, "devices").
enum DeviceRequests {
  static let gpus = SchemaType.list(.completing(complete, .fields(keys("a GPU", required: []))))
  static let reservations = SchemaType.list(
    .completing(complete, .fields(keys("a device", required: ["capabilities"]))))

  /// Expands `all` to one request for every GPU.
  @Sendable static func expandAll(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard let text = node.string else { return node }
    guard text == "all" else {
      throw DiagnosticError("`gpus` must be `all` or a list, not `\(text)`", at: node.position)
    }
    var request = YAMLNode(mappingAt: node.position)
    request.set("count", text: "all")
    return YAMLNode(.sequence([request]), at: node.position)
  }

  private static func keys(_ subject: String, required: [String]) -> ObjectSchema {
    ObjectSchema(
      subject,
      [
        SchemaProperty(
          "capabilities", .distinctStrings, mapsTo: "DeviceRequests.Capabilities", is: .harmless),
        SchemaProperty("driver", .string, mapsTo: "DeviceRequests.Driver", is: .needs(.devices)),
        SchemaProperty(
          "count", .completing(count, .integer(.strict)), mapsTo: "DeviceRequests.Count",
          is: .harmless),
        SchemaProperty(
          "device_ids", .distinctStrings, mapsTo: "DeviceRequests.DeviceIDs", is: .harmless),
        SchemaProperty(
          "options", .pairs(.labels, distinct: true), mapsTo: "DeviceRequests.Options",
          is: .harmless),
      ], required: required, ignoresUnknown: required.isEmpty)
  }

  /// Requests all devices if neither a count nor IDs are set.
  @Sendable private static func complete(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard node.mapping != nil else { return node }
    if let count = node["count"], node["device_ids"] != nil {
      throw DiagnosticError("`count` and `device_ids` are mutually exclusive", at: count.position)
    }
    guard node["count"] == nil, node["device_ids"] == nil else { return node }
    var request = node
    request.set("count", text: "all")
    return request
  }

  /// Converts `all` to -1.
  @Sendable private static func count(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    node.string?.lowercased() == "all" && !canonicalizer.isRaw
      ? YAMLNode(.integer(-1), at: node.position) : node
  }
}
