/// The details of a network (Engine API, "Network").
package struct NetworkDetails: Sendable, Decodable {
  /// The network's ID, 64 hexadecimal digits.
  package let id: String
  /// The network's name.
  package let name: String
  /// `local`, `swarm` or `global`.
  package let scope: String
  /// Whether the network has no route to the outside.
  package let `internal`: Bool
  /// The running containers on the network, by ID. Empty in a list.
  package let containers: [String: NetworkMember]
  /// Labels.
  package let labels: [String: String]
  /// The network's subnets, such as `172.20.0.0/16`.
  package let subnets: [String]

  private struct Addresses: Decodable {
    struct Range: Decodable {
      let subnet: String?
      enum CodingKeys: String, EngineKey { case subnet }
    }
    let config: [Range]?
    enum CodingKeys: String, EngineKey { case config }
  }

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    id = try fields.required("Id")
    name = try fields["Name"] ?? ""
    scope = try fields["Scope"] ?? ""
    `internal` = try fields["Internal"] ?? false
    containers = try fields["Containers"] ?? [:]
    labels = try fields["Labels"] ?? [:]
    let addresses: Addresses? = try fields["IPAM"]
    subnets = (addresses?.config ?? []).compactMap(\.subnet)
  }
}

/// A running container on a network (Engine API, "NetworkContainer").
package struct NetworkMember: Sendable, Decodable {
  /// The container's name.
  package let name: String
  /// The endpoint's ID.
  package let endpointID: String

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    name = try fields["Name"] ?? ""
    endpointID = try fields["EndpointID"] ?? ""
  }
}
