extension DockerEngine {
  /// Creates a volume, or gives the one of that name if it is there with the same driver (Engine API, "VolumeCreate").
  /// - Throws: `EngineError`.
  public func createVolume(_ body: VolumeCreate) async throws -> VolumeDetails {
    try await decoded(EngineCall("POST", "/volumes/create", json: body))
  }

  /// All about one volume (Engine API, "VolumeInspect").
  /// - Throws: `EngineError`.
  public func inspectVolume(_ name: String) async throws -> VolumeDetails {
    try await decoded(EngineCall("GET", "/volumes/\(component(name))"))
  }

  /// Volumes (Engine API, "VolumeList").
  /// - Throws: `EngineError`.
  public func listVolumes(filters: [String: [String]] = [:]) async throws -> [VolumeDetails] {
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
  ///   - name: Its name.
  ///   - force: Whether it goes even where its driver has lost it; a missing volume is then no error.
  /// - Throws: `EngineError`: 409 where a container uses it.
  public func removeVolume(_ name: String, force: Bool) async throws {
    try await send(
      EngineCall(
        "DELETE", "/volumes/\(component(name))", query: [("force", force ? "1" : "0")]))
  }
}
