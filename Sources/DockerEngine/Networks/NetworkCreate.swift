/// The configuration of a new network (Engine API, "NetworkCreate").
package struct NetworkCreate: Sendable, Equatable, Encodable {
  /// The network's name.
  package var name: String
  /// Whether the engine refuses a second network of the same name. From API 1.44 on it always does.
  package var checkDuplicate: Bool? = true
  /// The driver. Nil is `bridge`.
  package var driver: String?
  /// `local`, `swarm` or `global`.
  package var scope: String?
  /// Whether the network has no route to the outside.
  package var `internal`: Bool?
  /// Whether standalone containers may join a swarm network.
  package var attachable: Bool?
  /// The network's address configuration.
  package var ipam: IPAM?
  /// Whether it has IPv4 (API 1.48).
  package var enableIPv4: Bool?
  /// Whether it has IPv6.
  package var enableIPv6: Bool?
  /// Options of the driver.
  package var options: [String: String]?
  /// Labels.
  package var labels: [String: String]?

  /// Creates a configuration in which a second network of the same name is refused.
  package init(
    name: String, driver: String? = nil, `internal`: Bool? = nil, attachable: Bool? = nil,
    ipam: IPAM? = nil, enableIPv6: Bool? = nil, options: [String: String]? = nil,
    labels: [String: String]? = nil
  ) {
    self.name = name
    self.driver = driver
    self.`internal` = `internal`
    self.attachable = attachable
    self.ipam = ipam
    self.enableIPv6 = enableIPv6
    self.options = options
    self.labels = labels
  }

  package enum CodingKeys: String, EngineKey, CaseIterable {
    case name, checkDuplicate, driver, scope, `internal`, attachable, ipam = "IPAM", enableIPv4
    case enableIPv6, options, labels
  }
}

/// The address configuration of a network (Engine API, "IPAM").
package struct IPAM: Sendable, Hashable, Codable {
  /// The driver. Nil is `default`.
  package var driver: String?
  /// Address pools.
  package var config: [IPAMPool]?
  /// Options of the driver.
  package var options: [String: String]?

  /// Creates an address configuration.
  package init(
    driver: String? = nil, config: [IPAMPool]? = nil, options: [String: String]? = nil
  ) {
    self.driver = driver
    self.config = config
    self.options = options
  }

  package enum CodingKeys: String, EngineKey, CaseIterable { case driver, config, options }
}

/// An address pool (Engine API, "IPAMConfig").
package struct IPAMPool: Sendable, Hashable, Codable {
  /// The subnet, in CIDR notation.
  package var subnet: String?
  /// The range from which containers get addresses, in CIDR notation.
  package var ipRange: String?
  /// The address of the gateway.
  package var gateway: String?
  /// Reserved addresses, by host name.
  package var auxiliaryAddresses: [String: String]?

  /// Creates a pool.
  package init(
    subnet: String? = nil, ipRange: String? = nil, gateway: String? = nil,
    auxiliaryAddresses: [String: String]? = nil
  ) {
    self.subnet = subnet
    self.ipRange = ipRange
    self.gateway = gateway
    self.auxiliaryAddresses = auxiliaryAddresses
  }

  package enum CodingKeys: String, EngineKey, CaseIterable {
    case subnet, ipRange = "IPRange", gateway, auxiliaryAddresses
  }
}
