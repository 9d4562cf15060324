/// A container in a list (Engine API, "ContainerSummary").
public struct ContainerSummary: Sendable, Decodable {
  /// Its ID, 64 hexadecimal digits.
  public let id: String
  /// Its name, and those that links give it, each with a leading `/`.
  public let names: [String]
  /// Its first name, without the slash; empty where it has none.
  package var name: String { names.first.map { String($0.drop { $0 == "/" }) } ?? "" }
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

  private struct Connections: Decodable {
    struct Ignored: Decodable {}
    let networks: [String: Ignored?]?
    enum CodingKeys: String, EngineKey { case networks }
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    id = try fields.required("Id")
    names = try fields["Names"] ?? []
    image = try fields["Image"] ?? ""
    imageID = try fields["ImageID"] ?? ""
    command = try fields["Command"] ?? ""
    created = try fields["Created"] ?? 0
    state = try fields["State"] ?? ""
    status = try fields["Status"] ?? ""
    labels = try fields["Labels"] ?? [:]
    ports = try fields["Ports"] ?? []
    mounts = try fields["Mounts"] ?? []
    let connections: Connections? = try fields["NetworkSettings"]
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

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    ip = try fields["IP"]
    privatePort = try fields["PrivatePort"] ?? 0
    publicPort = try fields["PublicPort"]
    type = try fields["Type"] ?? "tcp"
  }
}
