/// What to create a network from (Engine API, "NetworkCreate").
public struct NetworkCreate: Sendable, Equatable, Encodable {
  /// Its name.
  public var name: String
  /// Whether a second network of that name is refused; engines from API 1.44 on always do.
  public var checkDuplicate: Bool? = true
  /// The driver; nil is `bridge`.
  public var driver: String?
  /// `local`, `swarm` or `global`.
  public var scope: String?
  /// Whether it has no way out.
  public var `internal`: Bool?
  /// Whether containers may join a swarm network.
  public var attachable: Bool?
  /// Its addresses.
  public var ipam: IPAM?
  /// Whether it has IPv4 (API 1.48).
  public var enableIPv4: Bool?
  /// Whether it has IPv6.
  public var enableIPv6: Bool?
  /// Options of the driver.
  public var options: [String: String]?
  /// Labels.
  public var labels: [String: String]?

  /// A network; a second one of the same name is refused.
  public init(
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

/// Where a network's addresses come from (Engine API, "IPAM").
public struct IPAM: Sendable, Hashable, Codable {
  /// The driver; nil is `default`.
  public var driver: String?
  /// Pools of addresses.
  public var config: [IPAMPool]?
  /// Options of the driver.
  public var options: [String: String]?

  /// Pools and their driver.
  public init(
    driver: String? = nil, config: [IPAMPool]? = nil, options: [String: String]? = nil
  ) {
    self.driver = driver
    self.config = config
    self.options = options
  }

  package enum CodingKeys: String, EngineKey, CaseIterable { case driver, config, options }
}

/// A pool of addresses (Engine API, "IPAMConfig").
public struct IPAMPool: Sendable, Hashable, Codable {
  /// The subnet, in CIDR notation.
  public var subnet: String?
  /// The part of it to give out, in CIDR notation.
  public var ipRange: String?
  /// The gateway's address.
  public var gateway: String?
  /// Addresses that are taken, by host name.
  public var auxiliaryAddresses: [String: String]?

  /// A pool.
  public init(
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
