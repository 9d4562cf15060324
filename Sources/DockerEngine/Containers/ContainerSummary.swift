/// A container in a list (Engine API, "ContainerSummary").
package struct ContainerSummary: Sendable, Decodable {
  /// The container's ID, 64 hexadecimal digits.
  package let id: String
  /// The container's own name and its names from links, each with a leading `/`.
  package let names: [String]
  /// The container's own name, without the slash. Empty if it has none.
  package var name: String {
    let all = names.map { $0.drop { $0 == "/" } }
    return String(all.first { !$0.contains("/") } ?? all.first ?? "")
  }
  /// The ID of the container's image.
  package let imageID: String
  /// The name of the image that the creation gave. Empty if the engine doesn't report it.
  package let image: String
  /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
  package let state: String
  /// A description of the state, such as `Up 3 minutes (healthy)`.
  package let status: String
  /// Labels, including those of the image.
  package let labels: [String: String]
  /// The names of the networks that the container has joined.
  package let networks: Set<String>
  /// The time of creation, in seconds since 1970. 0 if the engine doesn't report it.
  package let created: Int64
  /// The ports, including those that aren't published.
  package let ports: [ListedPort]
  /// The size of the writable layer in bytes. Nil unless the request asked for sizes.
  package let writtenBytes: Int64?

  private struct Connections: Decodable {
    struct Ignored: Decodable {}
    let networks: [String: Ignored?]?
    enum CodingKeys: String, EngineKey { case networks }
  }

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
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

  /// Decodes only the fields that identify a container and leaves the others empty. On a host with
  /// thousands of containers the others are most of a list.
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

/// A container in a list, decoded without image name, status, networks, ports and sizes.
struct IdentifiedContainer: Decodable {
  let summary: ContainerSummary

  init(from decoder: any Decoder) throws {
    summary = try ContainerSummary(identifying: decoder)
  }
}

/// A port of a container in a list (Engine API, "Port").
package struct ListedPort: Sendable, Hashable, Decodable {
  /// The address on the host. Empty if the port isn't published.
  package let address: String
  /// The port in the container.
  package let container: Int
  /// The port on the host. Nil if the port isn't published.
  package let host: Int?
  /// `tcp`, `udp` or `sctp`.
  package let protocolName: String

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    address = try fields["IP"] ?? ""
    container = try fields["PrivatePort"] ?? 0
    host = try fields["PublicPort"]
    protocolName = try fields["Type"] ?? ""
  }
}
