import DockerEngine

extension ImageLeases {
  /// Removes an image, without force, unless a container or the launch of a pod uses it.
  ///
  /// - Parameters:
  ///   - name: its name or ID.
  ///   - engine: the engine.
  /// - Returns: false where it is in use.
  /// - Throws: `EngineError`, such as for an image that isn't there; `CancellationError`.
  package func removeUnused(_ name: String, on engine: DockerEngine) async throws -> Bool {
    let id = try await engine.inspectImage(name).id
    return try await exclusively([name, id]) {
      let users = try await engine.listContainers(all: true, filters: ["ancestor": [id]])
      guard users.isEmpty else { return false }
      try await engine.removeImage(name, force: false)
      return true
    } ?? false
  }
}
