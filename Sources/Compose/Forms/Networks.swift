import OrderedCollections

/// Networks: the top-level ones and how a service joins them (Compose specification, "networks").
enum Networks {
  /// The keys of a top-level network.
  static let keys = KeyTable(
    "a network",
    [
      Key("name", .string, goes: "Name"),
      Key("driver", .string, goes: "Driver"),
      Key("driver_opts", .pairs(.options), goes: "Options"),
      Key("ipam", .fields(ipamKeys), omit: .empty, goes: "IPAM"),
      Key("external", .boolean, goes: "neither made nor removed"),
      Key("internal", .boolean, goes: "Internal"),
      Key("attachable", .boolean, goes: "Attachable"),
      Key("labels", .pairs(.labels), goes: "Labels"),
      Key("enable_ipv4", .boolean, omit: .unset, goes: "EnableIPv4"),
      Key("enable_ipv6", .boolean, omit: .unset, goes: "EnableIPv6"),
    ])

  /// The keys of `ipam:`.
  static let ipamKeys = KeyTable(
    "`ipam`",
    [
      Key("driver", .string, goes: "IPAM.Driver"),
      Key("config", .list(.fields(poolKeys)), .append(identity: subnet), goes: "IPAM.Config"),
      Key("options", .pairs(.strings), goes: "IPAM.Options"),
    ])

  private static let poolKeys = KeyTable(
    "an entry of `config`",
    [
      Key("subnet", .string, goes: "Subnet"),
      Key("gateway", .string, goes: "Gateway"),
      Key("ip_range", .string, goes: "IPRange"),
      Key("aux_addresses", .pairs(.strings), goes: "AuxiliaryAddresses"),
    ])

  /// The keys under a network's name in a service.
  static let attachmentKeys = KeyTable(
    "a service's network",
    [
      Key("aliases", .strings, goes: "Aliases"),
      Key("driver_opts", .pairs(.options), goes: "DriverOpts"),
      Key("gw_priority", .later),
      Key("interface_name", .later),
      Key("ipv4_address", .string, goes: "IPAMConfig.IPv4Address"),
      Key("ipv6_address", .string, goes: "IPAMConfig.IPv6Address"),
      Key("link_local_ips", .strings, goes: "IPAMConfig.LinkLocalIPs"),
      Key("mac_address", .string, goes: "MacAddress"),
      Key("priority", .integer, goes: "the order of connecting"),
    ])

  @Sendable private static func subnet(_ node: YAMLNode) -> String? { node["subnet"]?.string ?? "" }

  /// A list of names as a mapping of names to nothing.
  @Sendable static func expandNames(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    guard let items = node.sequence else { return node }
    var entries: OrderedDictionary<String, YAMLNode.Entry> = [:]
    for item in items {
      guard let name = item.string else {
        throw ComposeError("a network's name must be a string, not \(item.kind)", at: item.position)
      }
      if entries[name] != nil {
        throw ComposeError("the network `\(name)` stands here twice", at: item.position)
      }
      entries[name] = YAMLNode.Entry(
        keyPosition: item.position, value: YAMLNode(.null, at: item.position))
    }
    return YAMLNode(.mapping(entries), at: node.position)
  }

  /// `external: {name: NAME}`, the obsolete form, as `external: true` and `name: NAME`.
  @Sendable static func expandExternal(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    guard var entries = node.mapping, let external = entries["external"],
      let inner = external.value.mapping
    else { return node }
    for (key, entry) in inner where key != "name" && !key.hasPrefix("x-") {
      throw ComposeError("`external` has no key `\(key)`", at: entry.keyPosition)
    }
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
