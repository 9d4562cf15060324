import OrderedCollections
import YAML

/// Networks: the top-level ones and how a service joins them (Compose specification, "networks").
enum Networks {
  /// The keys of a top-level network.
  static let keys = KeyTable(
    "a network",
    [
      Key("name", .string, goes: "Name"),
      Key("driver", .string, goes: "Driver"),
      Key("driver_opts", .pairs(.driverOptions), goes: "Options"),
      Key("ipam", .fields(ipamKeys), omit: .emptyInYAML, goes: "IPAM"),
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
      Key("config", .list(.fields(poolKeys)), .pools, goes: "IPAM.Config"),
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

  /// A service's networks by their names.
  static let attachments = Shape.names(.fields(attachmentKeys), allowsNull: true)

  private static let attachmentKeys = KeyTable(
    "a service's network",
    [
      Key("aliases", .distinctStrings, .append(identity: Identity.name), goes: "Aliases"),
      Key("driver_opts", .pairs(.driverOptions), goes: "DriverOpts"),
      Key("gw_priority", .integer(.untexted), goes: "GwPriority"),
      Key("interface_name", .string, goes: "DriverOpts' name of the interface"),
      Key("ipv4_address", .string, goes: "IPAMConfig.IPv4Address"),
      Key("ipv6_address", .string, goes: "IPAMConfig.IPv6Address"),
      Key(
        "link_local_ips", .distinctStrings, .append(identity: Identity.name),
        goes: "IPAMConfig.LinkLocalIPs"),
      Key("mac_address", .string, goes: "MacAddress"),
      Key("priority", .integer(.untexted), goes: "the order of connecting"),
    ])

  /// A list of names as a mapping of names to nothing.
  @Sendable static func expandNames(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    try node.namesToNothing("network")
  }
}

extension YAMLNode {
  /// A list of names as a mapping of names to nothing; any other node as it is.
  func namesToNothing(_ what: String) throws(ComposeError) -> YAMLNode {
    guard let items = sequence else { return self }
    var entries: OrderedDictionary<String, YAMLNode.Entry> = [:]
    for item in items {
      guard let name = item.string else {
        throw ComposeError("a \(what)'s name must be a string, not \(item.kind)", at: item.position)
      }
      if entries[name] != nil {
        throw ComposeError("the \(what) `\(name)` stands here twice", at: item.position)
      }
      entries[name] = YAMLNode.Entry(
        keyPosition: item.position, value: YAMLNode(.null, at: item.position))
    }
    return YAMLNode(.mapping(entries), at: position)
  }
}
