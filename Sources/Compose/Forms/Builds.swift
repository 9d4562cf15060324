import OrderedCollections
import YAML

/// `build:` of a service (Compose Build specification).
enum Builds {
  static let keys = KeyTable(
    "`build`",
    [
      Key("context", .string, goes: "docker build CONTEXT", is: .hostPath(.read)),
      Key("dockerfile", .string, goes: "--file", is: .hostPath(.read)),
      Key("dockerfile_inline", .string, goes: "--file -", is: .harmless),
      Key("entitlements", .strings, goes: "--allow", is: .needs(.privileged)),
      Key("args", .pairs(.environment), goes: "--build-arg", is: .harmless),
      Key("provenance", .booleanText, goes: "--provenance", is: .harmless),
      Key("sbom", .booleanText, goes: "--sbom", is: .harmless),
      Key("ssh", .pairs(.keys), goes: "--ssh", is: .hostPath(.read)),
      Key("labels", .pairs(.labels), goes: "--label", is: .confined("not the executor's own keys")),
      Key("cache_from", .strings, goes: "--cache-from", is: .needs(.build)),
      Key("cache_to", .strings, goes: "--cache-to", is: .needs(.build)),
      Key("no_cache", .boolean, goes: "--no-cache", is: .harmless),
      Key(
        "no_cache_filter", .completing(filter, .any), .append(identity: nil),
        goes: "--no-cache-filter", is: .harmless),
      Key("additional_contexts", .pairs(.contexts), goes: "--build-context", is: .hostPath(.read)),
      Key("pull", .boolean, goes: "--pull", is: .harmless),
      Key("extra_hosts", .hosts, goes: "--add-host", is: .harmless),
      Key("isolation", .string, never: "for Windows"),
      Key("network", .string, goes: "--network", is: .needs(.hostNamespaces)),
      Key("target", .string, goes: "--target", is: .harmless),
      Key("secrets", FileMounts.shape, goes: "--secret", is: .hostPath(.read)),
      Key("shm_size", .bytes(.wholeOrText), goes: "--shm-size", is: .harmless),
      Key("tags", .strings, .append(identity: Identity.name), goes: "--tag", is: .needs(.build)),
      Key("ulimits", Ulimits.ofBuild, goes: "--ulimit", is: .needs(.ulimits)),
      Key("platforms", .strings, goes: "--platform", is: .harmless),
      Key("privileged", .boolean, goes: "--allow security.insecure", is: .needs(.privileged)),
    ])

  /// Validates a string or a list of strings and keeps its notation, because a string and a list
  /// can't be merged.
  @Sendable private static func filter(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    let list = node.string == nil ? node : YAMLNode(.sequence([node]), at: node.position)
    _ = try canonicalizer.read(list, as: .distinctStrings, name: "no_cache_filter")
    return node
  }

  /// Converts a context without other keys to a mapping.
  @Sendable static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    guard node.string != nil else { return node }
    var build = YAMLNode(mappingAt: node.position)
    build.set("context", node)
    return build
  }
}
