/// A running container and the host ports that it uses (Engine API, "ContainerList").
package struct PortUser: Sendable, Decodable {
  /// The container's name, without the slash.
  package let name: String
  /// The container's labels, including those of the image.
  package let labels: [String: String]
  /// The host ports.
  package let ports: Set<Port>

  /// A host port.
  package struct Port: Sendable, Hashable {
    /// The port number.
    package let number: UInt16
    /// `tcp`, `udp` or `sctp`.
    package let transport: String

    /// Creates a port from its number and protocol.
    package init(number: UInt16, transport: String) {
      self.number = number
      self.transport = transport
    }
  }

  private struct Binding: Decodable {
    let publicPort: UInt16?
    let type: String?
    enum CodingKeys: String, EngineKey { case publicPort, type }
  }

  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    let names: [String] = try fields["Names"] ?? []
    name = names.first.map { String($0.drop { $0 == "/" }) } ?? ""
    labels = try fields["Labels"] ?? [:]
    let bindings: [Binding] = try fields["Ports"] ?? []
    ports = Set(
      bindings.compactMap { binding in
        binding.publicPort.map { Port(number: $0, transport: binding.type ?? "tcp") }
      })
  }
}

extension DockerEngine {
  /// The running containers with their host ports.
  ///
  /// - Returns: The containers.
  /// - Throws: `EngineError`.
  package func portUsers() async throws -> [PortUser] {
    try await decoded(EngineCall("GET", "/containers/json"))
  }
}
