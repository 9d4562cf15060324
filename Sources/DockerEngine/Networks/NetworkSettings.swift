/// The networks and ports of a container (Engine API, "NetworkSettings").
public struct NetworkSettings: Sendable, Decodable {
  /// Ports as `80/tcp`, with where they are published; nil is exposed only.
  public let ports: [String: [PortBinding]?]
  /// The networks it has joined, by name.
  public let networks: [String: EndpointDetails]
  /// The path of its network namespace.
  public let sandboxKey: String

  enum CodingKeys: String, CodingKey {
    case ports = "Ports"
    case networks = "Networks"
    case sandboxKey = "SandboxKey"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    ports = try fields.value(.ports, default: [:])
    networks = try fields.value(.networks, default: [:])
    sandboxKey = try fields.value(.sandboxKey, default: "")
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

  enum CodingKeys: String, CodingKey {
    case networkID = "NetworkID"
    case endpointID = "EndpointID"
    case ipAddress = "IPAddress"
    case ipPrefixLen = "IPPrefixLen"
    case gateway = "Gateway"
    case globalIPv6Address = "GlobalIPv6Address"
    case macAddress = "MacAddress"
    case aliases = "Aliases"
    case links = "Links"
    case ipamConfig = "IPAMConfig"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    networkID = try fields.value(.networkID, default: "")
    endpointID = try fields.value(.endpointID, default: "")
    ipAddress = try fields.value(.ipAddress, default: "")
    ipPrefixLen = try fields.value(.ipPrefixLen, default: 0)
    gateway = try fields.value(.gateway, default: "")
    globalIPv6Address = try fields.value(.globalIPv6Address, default: "")
    macAddress = try fields.value(.macAddress, default: "")
    aliases = try fields.value(.aliases, default: [])
    links = try fields.value(.links, default: [])
    ipamConfig = try fields.decodeIfPresent(EndpointIPAM.self, forKey: .ipamConfig)
  }
}
