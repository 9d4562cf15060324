/// A container in a list (Engine API, "ContainerSummary").
public struct ContainerSummary: Sendable, Decodable {
  /// Its ID, 64 hexadecimal digits.
  public let id: String
  /// Its name, and those that links give it, each with a leading `/`.
  public let names: [String]
  /// The image as it was asked for.
  public let image: String
  /// The ID of its image.
  public let imageID: String
  /// The program that runs, with arguments.
  public let command: String
  /// When it was created, seconds since 1970.
  public let created: Int
  /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
  public let state: String
  /// The state in words: `Up 3 minutes (healthy)`.
  public let status: String
  /// Labels, the image's among them.
  public let labels: [String: String]
  /// Exposed and published ports.
  public let ports: [PortSummary]
  /// What is mounted.
  public let mounts: [MountPoint]
  /// Names of the networks that it is connected to.
  public let networks: Set<String>

  enum CodingKeys: String, CodingKey {
    case id = "Id"
    case names = "Names"
    case image = "Image"
    case imageID = "ImageID"
    case command = "Command"
    case created = "Created"
    case state = "State"
    case status = "Status"
    case labels = "Labels"
    case ports = "Ports"
    case mounts = "Mounts"
    case networkSettings = "NetworkSettings"
  }

  private struct Connections: Decodable {
    struct Ignored: Decodable {}
    let networks: [String: Ignored?]?
    enum CodingKeys: String, CodingKey { case networks = "Networks" }
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    id = try fields.decode(String.self, forKey: .id)
    names = try fields.value(.names, default: [])
    image = try fields.value(.image, default: "")
    imageID = try fields.value(.imageID, default: "")
    command = try fields.value(.command, default: "")
    created = try fields.value(.created, default: 0)
    state = try fields.value(.state, default: "")
    status = try fields.value(.status, default: "")
    labels = try fields.value(.labels, default: [:])
    ports = try fields.value(.ports, default: [])
    mounts = try fields.value(.mounts, default: [])
    let connections = try fields.decodeIfPresent(Connections.self, forKey: .networkSettings)
    networks = Set((connections?.networks ?? [:]).keys)
  }
}

/// A port of a container in a list (Engine API, "Port").
public struct PortSummary: Sendable, Decodable {
  /// The host's address, if it is published.
  public let ip: String?
  /// The port inside.
  public let privatePort: Int
  /// The host's port, if it is published.
  public let publicPort: Int?
  /// `tcp`, `udp` or `sctp`.
  public let type: String

  enum CodingKeys: String, CodingKey {
    case ip = "IP"
    case privatePort = "PrivatePort"
    case publicPort = "PublicPort"
    case type = "Type"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    ip = try fields.decodeIfPresent(String.self, forKey: .ip)
    privatePort = try fields.value(.privatePort, default: 0)
    publicPort = try fields.decodeIfPresent(Int.self, forKey: .publicPort)
    type = try fields.value(.type, default: "tcp")
  }
}
