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

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    id = try fields.required("Id")
    name = try fields["Name"] ?? ""
    created = try fields["Created"] ?? ""
    scope = try fields["Scope"] ?? ""
    driver = try fields["Driver"] ?? ""
    enableIPv6 = try fields["EnableIPv6"] ?? false
    `internal` = try fields["Internal"] ?? false
    attachable = try fields["Attachable"] ?? false
    ipam = try fields["IPAM"]
    containers = try fields["Containers"] ?? [:]
    options = try fields["Options"] ?? [:]
    labels = try fields["Labels"] ?? [:]
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

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    name = try fields["Name"] ?? ""
    endpointID = try fields["EndpointID"] ?? ""
    macAddress = try fields["MacAddress"] ?? ""
    ipv4Address = try fields["IPv4Address"] ?? ""
    ipv6Address = try fields["IPv6Address"] ?? ""
  }
}
