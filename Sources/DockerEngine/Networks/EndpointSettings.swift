/// The settings with which a container joins a network (Engine API, "EndpointSettings").
package struct EndpointSettings: Sendable, Hashable, Encodable {
  /// Additional names of the container on this network.
  package var aliases: [String]?
  /// Links to other containers, as `container:alias`.
  package var links: [String]?
  /// Fixed addresses.
  package var ipamConfig: EndpointIPAM?
  /// The MAC address on this network (from API 1.44 on).
  package var macAddress: String?
  /// Options of the network's driver.
  package var driverOpts: [String: String]?
  /// The priority of this network's gateway. The highest becomes the default gateway (API 1.48).
  package var gwPriority: Int?

  /// The key of `driverOpts` that names the interface in the container (API 1.49).
  package static let interfaceName = "com.docker.network.endpoint.ifname"

  /// Creates settings. The engine chooses values for those that are nil.
  package init(
    aliases: [String]? = nil, links: [String]? = nil, ipamConfig: EndpointIPAM? = nil,
    macAddress: String? = nil, driverOpts: [String: String]? = nil
  ) {
    self.aliases = aliases
    self.links = links
    self.ipamConfig = ipamConfig
    self.macAddress = macAddress
    self.driverOpts = driverOpts
  }

  package enum CodingKeys: String, EngineKey, CaseIterable {
    case aliases, links, ipamConfig = "IPAMConfig", macAddress, driverOpts, gwPriority
  }
}

/// Fixed addresses of a container on a network (Engine API, "EndpointIPAMConfig").
package struct EndpointIPAM: Sendable, Hashable, Codable {
  /// The IPv4 address.
  package var ipv4Address: String?
  /// The IPv6 address.
  package var ipv6Address: String?
  /// Link-local addresses.
  package var linkLocalIPs: [String]?

  /// Creates fixed addresses.
  package init(
    ipv4Address: String? = nil, ipv6Address: String? = nil, linkLocalIPs: [String]? = nil
  ) {
    self.ipv4Address = ipv4Address
    self.ipv6Address = ipv6Address
    self.linkLocalIPs = linkLocalIPs
  }

  package enum CodingKeys: String, EngineKey, CaseIterable {
    case ipv4Address = "IPv4Address", ipv6Address = "IPv6Address", linkLocalIPs
  }
}
