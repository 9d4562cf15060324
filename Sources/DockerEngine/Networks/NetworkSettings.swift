/// The networks and ports of a container (Engine API, "NetworkSettings").
public struct NetworkSettings: Sendable, Decodable {
  /// Ports as `80/tcp`, with where they are published; nil is exposed only.
  public let ports: [String: [PortBinding]?]
  /// The networks it has joined, by name.
  public let networks: [String: EndpointDetails]
  /// The path of its network namespace.
  public let sandboxKey: String

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    ports = try fields["Ports"] ?? [:]
    networks = try fields["Networks"] ?? [:]
    sandboxKey = try fields["SandboxKey"] ?? ""
  }
}

/// A container's place on one network (Engine API, "EndpointSettings").
public struct EndpointDetails: Sendable, Decodable {
  /// The network's ID.
  public let networkID: String
  /// The endpoint's ID; empty while the container doesn't run.
  public let endpointID: String
  /// The IPv4 address; empty while the container doesn't run.
  public let ipAddress: String
  /// The IPv4 prefix length.
  public let ipPrefixLen: Int
  /// The IPv4 gateway.
  public let gateway: String
  /// The IPv6 address.
  public let globalIPv6Address: String
  /// The MAC address.
  public let macAddress: String
  /// Further names on this network.
  public let aliases: [String]
  /// Links, as `container:alias`.
  public let links: [String]
  /// Fixed addresses that were asked for.
  public let ipamConfig: EndpointIPAM?

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    networkID = try fields["NetworkID"] ?? ""
    endpointID = try fields["EndpointID"] ?? ""
    ipAddress = try fields["IPAddress"] ?? ""
    ipPrefixLen = try fields["IPPrefixLen"] ?? 0
    gateway = try fields["Gateway"] ?? ""
    globalIPv6Address = try fields["GlobalIPv6Address"] ?? ""
    macAddress = try fields["MacAddress"] ?? ""
    aliases = try fields["Aliases"] ?? []
    links = try fields["Links"] ?? []
    ipamConfig = try fields["IPAMConfig"]
  }
}
