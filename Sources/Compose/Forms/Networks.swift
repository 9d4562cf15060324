import OrderedCollections
import YAML

/// Networks: the top-level entries and a service's attachments (Compose specification, "networks").
enum Networks {
  /// The keys of a top-level network.
  static let keys = KeyTable(
    "a network",
    [
      Key("name", .string, goes: "Name", is: .confined("prefixed with the project")),
      Key("driver", .string, goes: "Driver", is: .network(.networkDrivers)),
      Key(
        "driver_opts", .pairs(.driverOptions), goes: "Options",
        is: .confined("only harmless options of a bridge")),
      Key("ipam", .fields(ipamKeys), omit: .emptyInYAML, goes: "IPAM", is: .harmless),
      Key("external", .boolean, goes: "neither created nor removed", is: .network(.networks)),
      Key("internal", .boolean, goes: "Internal", is: .harmless),
      Key("attachable", .boolean, goes: "Attachable", is: .harmless),
      Key("labels", .pairs(.labels), goes: "Labels", is: .confined("not the executor's own keys")),
      Key("enable_ipv4", .boolean, omit: .unset, goes: "EnableIPv4", is: .harmless),
      Key("enable_ipv6", .boolean, omit: .unset, goes: "EnableIPv6", is: .harmless),
    ])

  /// The keys of `ipam:`.
  static let ipamKeys = KeyTable(
    "`ipam`",
    [
      Key("driver", .string, goes: "IPAM.Driver", is: .network(.networkDrivers)),
      Key("config", .list(.fields(poolKeys)), .pools, goes: "IPAM.Config", is: .harmless),
      Key("options", .pairs(.strings), goes: "IPAM.Options", is: .confined("refused")),
    ])

  private static let poolKeys = KeyTable(
    "an entry of `config`",
    [
      Key("subnet", .string, goes: "Subnet", is: .network(.subnets)),
      Key("gateway", .string, goes: "Gateway", is: .network(.subnets)),
      Key("ip_range", .string, goes: "IPRange", is: .network(.subnets)),
      Key("aux_addresses", .pairs(.strings), goes: "AuxiliaryAddresses", is: .network(.subnets)),
    ])

  /// A service's networks by name.
  static let attachments = Shape.names(.fields(attachmentKeys), allowsNull: true)

  private static let attachmentKeys = KeyTable(
    "a service's network",
    [
      Key(
        "aliases", .distinctStrings, .append(identity: Identity.name), goes: "Aliases",
        is: .harmless),
      Key(
        "driver_opts", .pairs(.driverOptions), goes: "DriverOpts",
        is: .confined("only harmless options of a bridge")),
      Key("gw_priority", .integer(.untexted), goes: "GwPriority", is: .harmless),
      Key("interface_name", .string, goes: "the interface's name in DriverOpts", is: .harmless),
      Key("ipv4_address", .string, goes: "IPAMConfig.IPv4Address", is: .network(.subnets)),
      Key("ipv6_address", .string, goes: "IPAMConfig.IPv6Address", is: .network(.subnets)),
      Key(
        "link_local_ips", .distinctStrings, .append(identity: Identity.name),
        goes: "IPAMConfig.LinkLocalIPs", is: .network(.subnets)),
      Key(
        "mac_address", .string, goes: "MacAddress", is: .confined("only on the pod's own networks")
      ),
      Key("priority", .integer(.untexted), goes: "the order of connections", is: .harmless),
    ])

  /// Converts a list of names to a mapping of names to null.
  @Sendable static func expandNames(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    try node.namesToNothing("network")
  }
}

extension YAMLNode {
  /// Converts a list of names to a mapping of names to null; any other node is returned unchanged.
  func namesToNothing(_ what: String) throws(ComposeError) -> YAMLNode {
    guard let items = sequence else { return self }
    var entries: OrderedDictionary<String, YAMLNode.Entry> = [:]
    for item in items {
      guard let name = item.string else {
        throw ComposeError("a \(what)'s name must be a string, not \(item.kind)", at: item.position)
      }
      if entries[name] != nil {
        throw ComposeError("the \(what) `\(name)` is listed twice", at: item.position)
      }
      entries[name] = YAMLNode.Entry(
        keyPosition: item.position, value: YAMLNode(.null, at: item.position))
    }
    return YAMLNode(.mapping(entries), at: position)
  }
}
