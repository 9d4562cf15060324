import YAML

/// `dns:` of a service (Compose specification, "dns").
enum Addresses {
  /// Drops empty entries, which unset variables leave behind; null stays null.
  @Sendable static func dropEmpty(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard let items = node.sequence else { return node }
    return YAMLNode(.sequence(items.filter { $0.string != "" }), at: node.position)
  }
}
