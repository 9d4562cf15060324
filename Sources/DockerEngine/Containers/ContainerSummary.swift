/// A container in a list (Engine API, "ContainerSummary").
public struct ContainerSummary: Sendable, Decodable {
  /// Its ID, 64 hexadecimal digits.
  public let id: String
  /// Its name, and those that links give it, each with a leading `/`.
  public let names: [String]
  /// Its own name, without the slash; empty where it has none.
  package var name: String {
    let all = names.map { $0.drop { $0 == "/" } }
    return String(all.first { !$0.contains("/") } ?? all.first ?? "")
  }
  /// The ID of its image.
  public let imageID: String
  /// Its image as it was named at the creation; empty where the engine doesn't say.
  public let image: String
  /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
  public let state: String
  /// The state in words: `Up 3 minutes (healthy)`.
  public let status: String
  /// Labels, the image's among them.
  public let labels: [String: String]
  /// Names of the networks that it is connected to.
  public let networks: Set<String>
  /// When it was created, in seconds since 1970; 0 where the engine doesn't say.
  public let created: Int64
  /// Its ports, those that aren't published among them.
  public let ports: [ListedPort]
  /// The size of its writable layer in bytes; nil unless sizes were asked for.
  public let writtenBytes: Int64?

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
    imageID = try fields["ImageID"] ?? ""
    image = try fields["Image"] ?? ""
    state = try fields["State"] ?? ""
    status = try fields["Status"] ?? ""
    labels = try fields["Labels"] ?? [:]
    let connections: Connections? = try fields["NetworkSettings"]
    networks = Set((connections?.networks ?? [:]).keys)
    created = try fields["Created"] ?? 0
    ports = try fields["Ports"] ?? []
    writtenBytes = try fields["SizeRw"]
  }

  /// Reads what tells whose a container is, and leaves the rest empty: on a host with thousands that is most of a list.
  fileprivate init(identifying decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    id = try fields.required("Id")
    names = try fields["Names"] ?? []
    imageID = try fields["ImageID"] ?? ""
    state = try fields["State"] ?? ""
    labels = try fields["Labels"] ?? [:]
    created = try fields["Created"] ?? 0
    (image, status, networks, ports, writtenBytes) = ("", "", [], [], nil)
  }
}

/// A container in a list, read without image name, status, networks, ports and sizes.
struct IdentifiedContainer: Decodable {
  let summary: ContainerSummary

  init(from decoder: any Decoder) throws {
    summary = try ContainerSummary(identifying: decoder)
  }
}

/// A port of a container in a list (Engine API, "Port").
public struct ListedPort: Sendable, Hashable, Decodable {
  /// The address of the host; empty where it isn't published.
  public let address: String
  /// The port in the container.
  public let container: Int
  /// The port of the host; nil where it isn't published.
  public let host: Int?
  /// `tcp`, `udp` or `sctp`.
  public let protocolName: String

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    address = try fields["IP"] ?? ""
    container = try fields["PrivatePort"] ?? 0
    host = try fields["PublicPort"]
    protocolName = try fields["Type"] ?? ""
  }
}
