import OrderedCollections
import YAML

/// Networks: the top-level entries and a service's attachments (Compose specification, "networks").
enum Networks {
  /// The keys of a top-level network.
  static let keys = ObjectSchema(
    "a network",
    [
      SchemaProperty("name", .string, mapsTo: "Name", is: .confined("prefixed with the project")),
      SchemaProperty("driver", .string, mapsTo: "Driver", is: .network(.networkDrivers)),
      SchemaProperty(
        "driver_opts", .pairs(.driverOptions), mapsTo: "Options",
        is: .confined("only harmless options of a bridge")),
      SchemaProperty("ipam", .fields(ipamKeys), omit: .emptyInYAML, mapsTo: "IPAM", is: .harmless),
      SchemaProperty(
        "external", .boolean, mapsTo: "neither created nor removed", is: .network(.networks)),
      SchemaProperty("internal", .boolean, mapsTo: "Internal", is: .harmless),
      SchemaProperty("attachable", .boolean, mapsTo: "Attachable", is: .harmless),
      SchemaProperty(
        "labels", .pairs(.labels), mapsTo: "Labels", is: .confined("not the executor's own keys")),
      SchemaProperty("enable_ipv4", .boolean, omit: .unset, mapsTo: "EnableIPv4", is: .harmless),
      SchemaProperty("enable_ipv6", .boolean, omit: .unset, mapsTo: "EnableIPv6", is: .harmless),
    ])

  /// The keys of `ipam:`.
  static let ipamKeys = ObjectSchema(
    "`ipam`",
    [
      SchemaProperty("driver", .string, mapsTo: "IPAM.Driver", is: .network(.networkDrivers)),
      SchemaProperty(
        "config", .list(.fields(poolKeys)), .pools, mapsTo: "IPAM.Config", is: .harmless),
      SchemaProperty("options", .pairs(.strings), mapsTo: "IPAM.Options", is: .confined("refused")),
    ])

  private static let poolKeys = ObjectSchema(
    "an entry of `config`",
    [
      SchemaProperty("subnet", .string, mapsTo: "Subnet", is: .network(.subnets)),
      SchemaProperty("gateway", .string, mapsTo: "Gateway", is: .network(.subnets)),
      SchemaProperty("ip_range", .string, mapsTo: "IPRange", is: .network(.subnets)),
      SchemaProperty(
        "aux_addresses", .pairs(.strings), mapsTo: "AuxiliaryAddresses", is: .network(.subnets)),
    ])

  /// A service's networks by name.
  static let attachments = SchemaType.names(.fields(attachmentKeys), allowsNull: true)

  private static let attachmentKeys = ObjectSchema(
    "a service's network",
    [
      SchemaProperty(
        "aliases", .distinctStrings, .append(identity: Identity.name), mapsTo: "Aliases",
        is: .harmless),
      SchemaProperty(
        "driver_opts", .pairs(.driverOptions), mapsTo: "DriverOpts",
        is: .confined("only harmless options of a bridge")),
      SchemaProperty("gw_priority", .integer(.untexted), mapsTo: "GwPriority", is: .harmless),
      SchemaProperty(
        "interface_name", .string, mapsTo: "the interface's name in DriverOpts", is: .harmless),
      SchemaProperty(
        "ipv4_address", .string, mapsTo: "IPAMConfig.IPv4Address", is: .network(.subnets)),
      SchemaProperty(
        "ipv6_address", .string, mapsTo: "IPAMConfig.IPv6Address", is: .network(.subnets)),
      SchemaProperty(
        "link_local_ips", .distinctStrings, .append(identity: Identity.name),
        mapsTo: "IPAMConfig.LinkLocalIPs", is: .network(.subnets)),
      SchemaProperty(
        "mac_address", .string, mapsTo: "MacAddress",
        is: .confined("only on the pod's own networks")
      ),
      SchemaProperty(
        "priority", .integer(.untexted), mapsTo: "the order of connections", is: .harmless),
    ])

  /// Converts a list of names to a mapping of names to null.
  @Sendable static func expandNames(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    try node.namesToNothing("network")
  }
}

extension YAMLNode {
  /// Converts a list of names to a mapping of names to null; any other node is returned unchanged.
  func namesToNothing(_ what: String) throws(DiagnosticError) -> YAMLNode {
    guard let items = sequence else { return self }
    var entries: OrderedDictionary<String, YAMLNode.Entry> = [:]
    for item in items {
      guard let name = item.string else {
        throw DiagnosticError(
          "a \(what)'s name must be a string, not \(item.kind)", at: item.position)
      }
      if entries[name] != nil {
        throw DiagnosticError("the \(what) `\(name)` is listed twice", at: item.position)
      }
      entries[name] = YAMLNode.Entry(
        keyPosition: item.position, value: YAMLNode(.null, at: item.position))
    }
    return YAMLNode(.mapping(entries), at: position)
  }
}
