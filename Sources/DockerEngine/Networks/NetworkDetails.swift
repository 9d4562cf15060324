/// A network (Engine API, "Network").
public struct NetworkDetails: Sendable, Decodable {
  /// Its ID, 64 hexadecimal digits.
  public let id: String
  /// Its name.
  public let name: String
  /// When it was created, RFC 3339.
  public let created: String
  /// `local`, `swarm` or `global`.
  public let scope: String
  /// The driver.
  public let driver: String
  /// Whether it has IPv6.
  public let enableIPv6: Bool
  /// Whether it has no way out.
  public let `internal`: Bool
  /// Whether containers may join a swarm network.
  public let attachable: Bool
  /// Its addresses.
  public let ipam: IPAM?
  /// The running containers on it, by ID; a list doesn't say.
  public let containers: [String: NetworkMember]
  /// Options of the driver.
  public let options: [String: String]
  /// Labels.
  public let labels: [String: String]

  enum CodingKeys: String, CodingKey {
    case id = "Id"
    case name = "Name"
    case created = "Created"
    case scope = "Scope"
    case driver = "Driver"
    case enableIPv6 = "EnableIPv6"
    case `internal` = "Internal"
    case attachable = "Attachable"
    case ipam = "IPAM"
    case containers = "Containers"
    case options = "Options"
    case labels = "Labels"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    id = try fields.decode(String.self, forKey: .id)
    name = try fields.value(.name, default: "")
    created = try fields.value(.created, default: "")
    scope = try fields.value(.scope, default: "")
    driver = try fields.value(.driver, default: "")
    enableIPv6 = try fields.value(.enableIPv6, default: false)
    `internal` = try fields.value(.internal, default: false)
    attachable = try fields.value(.attachable, default: false)
    ipam = try fields.decodeIfPresent(IPAM.self, forKey: .ipam)
    containers = try fields.value(.containers, default: [:])
    options = try fields.value(.options, default: [:])
    labels = try fields.value(.labels, default: [:])
  }
}

/// A running container on a network (Engine API, "NetworkContainer").
public struct NetworkMember: Sendable, Decodable {
  /// The container's name.
  public let name: String
  /// The endpoint's ID.
  public let endpointID: String
  /// The MAC address.
  public let macAddress: String
  /// The IPv4 address in CIDR notation.
  public let ipv4Address: String
  /// The IPv6 address in CIDR notation.
  public let ipv6Address: String

  enum CodingKeys: String, CodingKey {
    case name = "Name"
    case endpointID = "EndpointID"
    case macAddress = "MacAddress"
    case ipv4Address = "IPv4Address"
    case ipv6Address = "IPv6Address"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    name = try fields.value(.name, default: "")
    endpointID = try fields.value(.endpointID, default: "")
    macAddress = try fields.value(.macAddress, default: "")
    ipv4Address = try fields.value(.ipv4Address, default: "")
    ipv6Address = try fields.value(.ipv6Address, default: "")
  }
}
