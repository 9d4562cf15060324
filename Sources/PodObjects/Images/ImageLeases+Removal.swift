import DockerEngine

extension ImageLeases {
  /// What has to be nobody's for an image's name to be removed: with further names the image itself stays, whoever uses it.
  ///
  /// - Parameters:
  ///   - name: the image's name or ID.
  ///   - image: what the engine has by that name.
  /// - Returns: names and IDs to hold exclusively.
  package static func names(toRemove name: String, of image: ImageDetails) -> [String] {
    name != image.id && image.repoTags.count > 1 ? [name] : [name, image.id]
  }

  /// Removes an image, without force, unless a container or the launch of a pod uses it.
  ///
  /// - Parameters:
  ///   - name: its name or ID.
  ///   - id: what the name has to stand for; nil for anything.
  ///   - engine: the engine.
  /// - Returns: false where it is in use, or the name stands for another image.
  /// - Throws: `EngineError`, such as for an image that isn't there; `CancellationError`.
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
