import OrderedCollections

/// `depends_on:` of a service (Compose specification, "depends_on").
enum DependsOn {
  /// The keys under a service's name.
  static let keys = KeyTable(
    "an entry of `depends_on`",
    [
      Key("condition", .string, goes: "what is waited for"),
      Key("restart", .boolean, goes: "started again with it"),
      Key("required", .boolean, omit: .unset, goes: "may be missing"),
    ])

  /// A list of names as a mapping, with the defaults filled in.
  @Sendable static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    var entries: OrderedDictionary<String, YAMLNode.Entry> = [:]
    for item in node.sequence ?? [] {
      guard let name = item.string else {
        throw ComposeError("a service's name must be a string, not \(item.kind)", at: item.position)
      }
      if entries[name] != nil {
        throw ComposeError("the service `\(name)` stands here twice", at: item.position)
      }
      entries[name] = YAMLNode.Entry(
        keyPosition: item.position, value: started(at: item.position))
    }
    for (name, entry) in node.mapping ?? [:] {
      guard entry.value["condition"] != nil || entry.value.mapping == nil else {
        throw ComposeError(
          "`depends_on` of `\(name)` needs a `condition`, such as `service_started`",
          at: entry.keyPosition)
      }
      var value = entry.value
      if value["required"] == nil {
        value.set("required", YAMLNode(.boolean(true), at: value.position))
      }
      entries[name] = YAMLNode.Entry(keyPosition: entry.keyPosition, value: value)
    }
    guard node.mapping != nil || node.sequence != nil else { return node }
    return YAMLNode(.mapping(entries), at: node.position)
  }

  /// The condition of a name alone; `restart` where a link or a shared namespace implies it.
  static func started(at position: SourcePosition, restart: Bool = false) -> YAMLNode {
    var node = YAMLNode(mappingAt: position)
    node.set("condition", YAMLNode(.string("service_started"), at: position))
    if restart { node.set("restart", YAMLNode(.boolean(true), at: position)) }
    node.set("required", YAMLNode(.boolean(true), at: position))
    return node
  }
}
