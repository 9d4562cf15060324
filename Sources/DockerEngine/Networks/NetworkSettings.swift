/// The networks and ports of a container (Engine API, "NetworkSettings").
public struct NetworkSettings: Sendable, Decodable {
  /// Ports as `80/tcp`, with where they are published; nil is exposed only.
  public let ports: [String: [PortBinding]?]
  /// The networks it has joined, by name.
  public let networks: [String: EndpointDetails]

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    ports = try fields["Ports"] ?? [:]
    networks = try fields["Networks"] ?? [:]
  }
}

/// A container's place on one network (Engine API, "EndpointSettings").
public struct EndpointDetails: Sendable, Decodable {
  /// The network's ID.
  public let networkID: String
  /// The IPv4 address; empty while the container doesn't run.
  public let ipAddress: String
  /// The IPv6 address; empty where it has none.
  public let ipv6Address: String

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    networkID = try fields["NetworkID"] ?? ""
    ipAddress = try fields["IPAddress"] ?? ""
    ipv6Address = try fields["GlobalIPv6Address"] ?? ""
  }
}
