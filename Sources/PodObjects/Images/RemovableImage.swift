import DockerEngine

/// An image that is removed with a pod, as the label `mesos.remove_images`, promises and debts name it:
/// `NAME`, `NAME=ID` or `-NAME`.
package struct RemovableImage: Sendable, Hashable {
  /// Its name or ID.
  package var name: String
  /// The ID that the name stood for when the pod used it; nil where that isn't known. A name that stands for another image
  /// meanwhile isn't removed.
  package var id: String?
  /// Whether the name alone is taken back, and the image stays.
  package var isNameOnly: Bool

  /// An image of a pod.
  ///
  /// - Parameters:
  ///   - name: its name or ID.
  ///   - id: its ID; nil where it isn't known.
  ///   - isNameOnly: whether the image itself stays.
  package init(_ name: String, id: String? = nil, isNameOnly: Bool = false) {
    self.name = name
    self.id = id == name ? nil : id
    self.isNameOnly = isNameOnly
  }

  /// Reads a word of the label.
  ///
  /// - Parameter word: the word.
  package init(word: String) {
    isNameOnly = word.hasPrefix("-")
    let rest = isNameOnly ? word.dropFirst() : word[...]
    // No name has a `=`.
    let end = rest.firstIndex(of: "=") ?? rest.endIndex
    name = String(rest[..<end])
    id = end < rest.endIndex ? String(rest[rest.index(after: end)...]) : nil
  }

  /// The word of the label.
  package var word: String { (isNameOnly ? "-" : "") + name + (id.map { "=\($0)" } ?? "") }

  /// Removes it, without force, unless a container or the launch of a pod uses it, or its name stands for another image.
  ///
  /// - Parameters:
  ///   - engine: the engine.
  ///   - leases: tell which images are in use.
  /// - Returns: false where it stays.
  /// - Throws: `EngineError`, such as for an image that isn't there; `CancellationError`.
  package func remove(from engine: DockerEngine, _ leases: ImageLeases) async throws -> Bool {
    if isNameOnly {
      try await engine.takeName(name)
      return true
    }
    return try await leases.removeUnused(name, id: id, on: engine)
  }
}
