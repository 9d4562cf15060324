/// The networks and ports of a container (Engine API, "NetworkSettings").
public struct NetworkSettings: Sendable, Decodable {
  /// Bindings by container port such as `80/tcp`. Nil for a port that is exposed but not published.
  public let ports: [String: [PortBinding]?]
  /// The networks that the container has joined, by name.
  public let networks: [String: EndpointDetails]

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    ports = try fields["Ports"] ?? [:]
    networks = try fields["Networks"] ?? [:]
  }
}

/// The endpoint of a container on one network (Engine API, "EndpointSettings").
public struct EndpointDetails: Sendable, Decodable {
  /// The network's ID.
  public let networkID: String
  /// The IPv4 address. Empty while the container isn't running.
  public let ipAddress: String
  /// The IPv6 address. Empty if the container has none.
  public let ipv6Address: String

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    networkID = try fields["NetworkID"] ?? ""
    ipAddress = try fields["IPAddress"] ?? ""
    ipv6Address = try fields["GlobalIPv6Address"] ?? ""
  }
}
