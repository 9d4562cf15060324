import OrderedCollections
import YAML

/// `build:` of a service (Compose Build specification).
enum Builds {
  static let keys = ObjectSchema(
    "`build`",
    [
      SchemaProperty("context", .string, mapsTo: "docker build CONTEXT", is: .hostPath(.read)),
      SchemaProperty("dockerfile", .string, mapsTo: "--file", is: .hostPath(.read)),
      SchemaProperty("dockerfile_inline", .string, mapsTo: "--file -", is: .harmless),
      SchemaProperty("entitlements", .strings, mapsTo: "--allow", is: .needs(.privileged)),
      SchemaProperty("args", .pairs(.environment), mapsTo: "--build-arg", is: .harmless),
      SchemaProperty("provenance", .booleanText, mapsTo: "--provenance", is: .harmless),
      SchemaProperty("sbom", .booleanText, mapsTo: "--sbom", is: .harmless),
      SchemaProperty("ssh", .pairs(.keys), mapsTo: "--ssh", is: .hostPath(.read)),
      SchemaProperty(
        "labels", .pairs(.labels), mapsTo: "--label", is: .confined("not the executor's own keys")),
      SchemaProperty("cache_from", .strings, mapsTo: "--cache-from", is: .needs(.build)),
      SchemaProperty("cache_to", .strings, mapsTo: "--cache-to", is: .needs(.build)),
      SchemaProperty("no_cache", .boolean, mapsTo: "--no-cache", is: .harmless),
      SchemaProperty(
        "no_cache_filter", .completing(filter, .any), .append(identity: nil),
        mapsTo: "--no-cache-filter", is: .harmless),
      SchemaProperty(
        "additional_contexts", .pairs(.contexts), mapsTo: "--build-context", is: .hostPath(.read)),
      SchemaProperty("pull", .boolean, mapsTo: "--pull", is: .harmless),
      SchemaProperty("extra_hosts", .hosts, mapsTo: "--add-host", is: .harmless),
      SchemaProperty("isolation", .string, never: "for Windows"),
      SchemaProperty("network", .string, mapsTo: "--network", is: .needs(.hostNamespaces)),
      SchemaProperty("target", .string, mapsTo: "--target", is: .harmless),
      SchemaProperty("secrets", FileMounts.shape, mapsTo: "--secret", is: .hostPath(.read)),
      SchemaProperty("shm_size", .bytes(.wholeOrText), mapsTo: "--shm-size", is: .harmless),
      SchemaProperty(
        "tags", .strings, .append(identity: Identity.name), mapsTo: "--tag", is: .needs(.build)),
      SchemaProperty("ulimits", Ulimits.ofBuild, mapsTo: "--ulimit", is: .needs(.ulimits)),
      SchemaProperty("platforms", .strings, mapsTo: "--platform", is: .harmless),
      SchemaProperty(
        "privileged", .boolean, mapsTo: "--allow security.insecure", is: .needs(.privileged)),
    ])

  /// Validates a string or a list of strings and keeps its notation, because a string and a list
  /// can't be merged.
  @Sendable private static func filter(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    let list = node.string == nil ? node : YAMLNode(.sequence([node]), at: node.position)
    _ = try canonicalizer.read(list, as: .distinctStrings, name: "no_cache_filter")
    return node
  }

  /// Converts a context without other keys to a mapping.
  @Sendable static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard node.string != nil else { return node }
    var build = YAMLNode(mappingAt: node.position)
    build.set("context", node)
    return build
  }
}
