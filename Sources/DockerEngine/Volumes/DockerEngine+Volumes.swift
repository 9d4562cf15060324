extension DockerEngine {
  /// Creates a volume, or returns the existing volume of that name if its driver is the same
  /// (Engine API, "VolumeCreate").
  /// - Throws: `EngineError`.
  package func createVolume(_ body: VolumeCreate) async throws -> VolumeDetails {
    try await decoded(EngineCall("POST", "/volumes/create", json: body))
  }

  /// The details of one volume (Engine API, "VolumeInspect").
  /// - Throws: `EngineError`.
  package func inspectVolume(_ name: String) async throws -> VolumeDetails {
    try await decoded(EngineCall("GET", "/volumes/\(component(name))"))
  }

  /// Lists volumes (Engine API, "VolumeList").
  /// - Throws: `EngineError`.
  package func listVolumes(filters: [String: [String]] = [:]) async throws -> [VolumeDetails] {
    struct List: Decodable {
      let volumes: [VolumeDetails]?
      enum CodingKeys: String, EngineKey { case volumes }
    }
    var call = EngineCall("GET", "/volumes")
    try call.add(filters: filters)
    let list: List = try await decoded(call)
    return list.volumes ?? []
  }

  /// Removes a volume (Engine API, "VolumeDelete").
  /// - Parameters:
  ///   - name: The volume's name.
  ///   - force: Whether to remove the volume even if its driver has lost it. A missing volume is
  ///     then no error.
  /// - Throws: `EngineError`: 409 if a container uses it.
  package func removeVolume(_ name: String, force: Bool) async throws {
    try await send(
      EngineCall(
        "DELETE", "/volumes/\(component(name))", query: [("force", force ? "1" : "0")]))
  }
}
