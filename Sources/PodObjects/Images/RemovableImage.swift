import DockerEngine

/// An image to remove with a pod, in the format of the label `mesos.remove_images`, of promises and
/// of debts: `NAME`, `NAME=ID` or `-NAME`.
package struct RemovableImage: Sendable, Hashable {
  /// Its name or ID.
  package var name: String
  /// The ID of the name's image when the pod used it; nil if that isn't known. A name that now
  /// belongs to another image isn't removed.
  package var id: String?
  /// Whether only the name is removed, and the image is kept.
  package var isNameOnly: Bool

  /// Creates an image of a pod.
  ///
  /// - Parameters:
  ///   - name: its name or ID.
  ///   - id: its ID; nil if it isn't known.
  ///   - isNameOnly: whether the image itself is kept.
  package init(_ name: String, id: String? = nil, isNameOnly: Bool = false) {
    self.name = name
    self.id = id == name ? nil : id
    self.isNameOnly = isNameOnly
  }

  /// Parses an item of the label.
  ///
  /// - Parameter word: the item.
  package init(word: String) {
    isNameOnly = word.hasPrefix("-")
    let rest = isNameOnly ? word.dropFirst() : word[...]
    // No name contains a `=`.
    let end = rest.firstIndex(of: "=") ?? rest.endIndex
    name = String(rest[..<end])
    id = end < rest.endIndex ? String(rest[rest.index(after: end)...]) : nil
  }

  /// The item of the label.
  package var word: String { (isNameOnly ? "-" : "") + name + (id.map { "=\($0)" } ?? "") }

  /// Removes the image, without force, unless a container or the launch of a pod uses it, or its
  /// name belongs to another image.
  ///
  /// - Parameters:
  ///   - engine: the engine.
  ///   - leases: the leases of images in use.
  /// - Returns: false if it is kept.
  /// - Throws: `EngineError`, such as for an image that doesn't exist; `CancellationError`.
  package func remove(from engine: DockerEngine, _ leases: ImageLeases) async throws -> Bool {
    if isNameOnly {
      try await engine.takeName(name)
      return true
    }
    return try await leases.removeUnused(name, id: id, on: engine)
  }
}
