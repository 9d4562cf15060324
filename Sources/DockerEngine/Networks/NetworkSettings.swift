/// The networks and ports of a container (Engine API, "NetworkSettings").
package struct NetworkSettings: Sendable, Decodable {
  /// Bindings by container port such as `80/tcp`. Nil for a port that is exposed but not published.
  package let ports: [String: [PortBinding]?]
  /// The networks that the container has joined, by name.
  package let networks: [String: EndpointDetails]

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    ports = try fields["Ports"] ?? [:]
    networks = try fields["Networks"] ?? [:]
  }
}

/// The endpoint of a container on one network (Engine API, "EndpointSettings").
package struct EndpointDetails: Sendable, Decodable {
  /// The network's ID.
  package let networkID: String
  /// The IPv4 address. Empty while the container isn't running.
  package let ipAddress: String
  /// The IPv6 address. Empty if the container has none.
  package let ipv6Address: String

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    networkID = try fields["NetworkID"] ?? ""
    ipAddress = try fields["IPAddress"] ?? ""
    ipv6Address = try fields["GlobalIPv6Address"] ?? ""
  }
}
