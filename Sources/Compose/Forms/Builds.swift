import OrderedCollections
import YAML

/// `build:` of a service (Compose Build specification).
enum Builds {
  static let keys = KeyTable(
    "`build`",
    [
      Key("context", .string, goes: "docker build CONTEXT"),
      Key("dockerfile", .string, goes: "--file"),
      Key("dockerfile_inline", .string, goes: "--file -"),
      Key("entitlements", .strings, goes: "--allow"),
      Key("args", .pairs(.environment), goes: "--build-arg"),
      Key("provenance", .booleanText, goes: "--provenance"),
      Key("sbom", .booleanText, goes: "--sbom"),
      Key("ssh", .pairs(.keys), goes: "--ssh"),
      Key("labels", .pairs(.labels), goes: "--label"),
      Key("cache_from", .strings, goes: "--cache-from"),
      Key("cache_to", .strings, goes: "--cache-to"),
      Key("no_cache", .boolean, goes: "--no-cache"),
      Key(
        "no_cache_filter", .completing(filter, .any), .append(identity: nil),
        goes: "--no-cache-filter"),
      Key("additional_contexts", .pairs(.contexts), goes: "--build-context"),
      Key("pull", .boolean, goes: "--pull"),
      Key("extra_hosts", .hosts, goes: "--add-host"),
      Key("isolation", .string, never: "for Windows"),
      Key("network", .string, goes: "--network"),
      Key("target", .string, goes: "--target"),
      Key("secrets", FileMounts.shape, goes: "--secret"),
      Key("shm_size", .bytes(.wholeOrText), goes: "--shm-size"),
      Key("tags", .strings, .append(identity: Identity.name), goes: "--tag"),
      Key("ulimits", Ulimits.ofBuild, goes: "--ulimit"),
      Key("platforms", .strings, goes: "--platform"),
      Key("privileged", .boolean, goes: "--allow security.insecure"),
    ])

  /// A string or a list of strings, kept as it is: one can't be added to the other.
  @Sendable private static func filter(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    let list = node.string == nil ? node : YAMLNode(.sequence([node]), at: node.position)
    _ = try canonicalizer.read(list, as: .distinctStrings, name: "no_cache_filter")
    return node
  }

  /// A context alone as a mapping.
  @Sendable static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    guard node.string != nil else { return node }
    var build = YAMLNode(mappingAt: node.position)
    build.set("context", node)
    return build
  }
}
