import DockerEngine

extension ImageLeases {
  /// The names and IDs that must not be leased when an image's name is removed. An image with
  /// further names is kept, so its ID isn't among them.
  ///
  /// - Parameters:
  ///   - name: the image's name or ID.
  ///   - image: the engine's image of that name.
  /// - Returns: names and IDs to hold exclusively.
  package static func names(toRemove name: String, of image: ImageDetails) -> [String] {
    name != image.id && image.repoTags.count > 1 ? [name] : [name, image.id]
  }

  /// Removes an image, without force, unless a container or the launch of a pod uses it.
  ///
  /// - Parameters:
  ///   - name: its name or ID.
  ///   - id: the required ID of the image; nil for any.
  ///   - engine: the engine.
  /// - Returns: false if it is in use, or if the name belongs to another image.
  /// - Throws: `EngineError`, such as for an image that doesn't exist; `CancellationError`.
  package func removeUnused(
    _ name: String, id: String? = nil, on engine: DockerEngine
  ) async throws -> Bool {
    let image = try await engine.inspectImage(name)
    guard id == nil || id == image.id else { return false }
    let names = Self.names(toRemove: name, of: image)
    return try await exclusively(names) {
      if names.contains(image.id) {
        let users = try await engine.listContainers(all: true, filters: ["ancestor": [image.id]])
        guard users.isEmpty else { return false }
      }
      try await engine.removeImage(name, force: false)
      return true
    } ?? false
  }
}
