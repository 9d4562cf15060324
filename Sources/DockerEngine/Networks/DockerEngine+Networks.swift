extension DockerEngine {
  /// Creates a network (Engine API, "NetworkCreate").
  /// - Returns: The network's ID.
  /// - Throws: `EngineError`: 409 if the name is in use, 403 or 500 if no addresses are left,
  ///   `tooOld` if the engine lacks a feature that the network requires.
  package func createNetwork(_ body: NetworkCreate) async throws -> String {
    struct Created: Decodable {
      let id: String
      enum CodingKeys: String, EngineKey { case id }
    }
    let ability = try await ability()
    let call = try EngineCall("POST", "/networks/create", json: body.fitted(to: ability))
    if let refusal = ability.refusal(of: body.needs) { throw call.error(.tooOld, refusal) }
    let created: Created = try await decoded(call)
    return created.id
  }

  /// The details of one network, by ID or name (Engine API, "NetworkInspect").
  /// - Throws: `EngineError`.
  package func inspectNetwork(_ id: String) async throws -> NetworkDetails {
    try await decoded(EngineCall("GET", "/networks/\(component(id))"))
  }

  /// Lists networks, without their containers (Engine API, "NetworkList").
  /// - Throws: `EngineError`.
  package func listNetworks(filters: [String: [String]] = [:]) async throws -> [NetworkDetails] {
    var call = EngineCall("GET", "/networks")
    try call.add(filters: filters)
    return try await decoded(call)
  }

  /// Removes a network, by ID or name (Engine API, "NetworkDelete").
  /// - Throws: `EngineError`: 403 if a container is connected to it.
  package func removeNetwork(_ id: String) async throws {
    try await send(EngineCall("DELETE", "/networks/\(component(id))"))
  }

  /// Connects a container to a network (Engine API, "NetworkConnect").
  /// - Returns: A line for each setting that the engine is too old for.
  /// - Throws: `EngineError`: 403 if the container is already connected, `tooOld` if the engine
  ///   lacks a feature that the settings require.
  @discardableResult
  package func connectNetwork(
    _ network: String, container: String, _ settings: EndpointSettings? = nil
  ) async throws -> [String] {
    struct Body: Encodable {
      let container: String
      let settings: EndpointSettings?
      enum CodingKeys: String, EngineKey { case container, settings = "EndpointConfig" }
    }
    let ability = try await ability()
    let fitted = settings?.fitted(to: ability)
    let call = try EngineCall(
      "POST", "/networks/\(component(network))/connect",
      json: Body(container: container, settings: fitted?.0))
    if let refusal = ability.refusal(of: settings?.needs(isFirst: false) ?? []) {
      throw call.error(.tooOld, refusal)
    }
    try await send(call)
    return fitted?.dropped ?? []
  }

  /// Disconnects a container from a network (Engine API, "NetworkDisconnect").
  /// - Throws: `EngineError`.
  package func disconnectNetwork(_ network: String, container: String, force: Bool) async throws {
    struct Body: Encodable {
      let container: String
      let force: Bool
      enum CodingKeys: String, EngineKey { case container, force }
    }
    try await send(
      EngineCall(
        "POST", "/networks/\(component(network))/disconnect",
        json: Body(container: container, force: force)))
  }
}
