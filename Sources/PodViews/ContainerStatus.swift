import DockerEngine

/// The contents of a status in a list of containers, for example `Up 3 minutes (unhealthy)` or
/// `Exited (137) 2 hours ago`.
package struct ContainerStatus: Sendable, Equatable {
  /// `starting`, `healthy` or `unhealthy`; nil without a health check.
  package let health: String?
  /// The exit code; nil while the container runs.
  package let exitCode: Int?

  /// Parses a status.
  ///
  /// - Parameter text: the engine's text (moby, `container/state.go`, `String`).
  package init(_ text: String) {
    let words = text.split(separator: "(", maxSplits: 1)
    let mark = words.count == 2 ? words[1].prefix { $0 != ")" } : ""
    switch mark {
    case "healthy", "unhealthy": health = String(mark)
    case "health: starting": health = "starting"
    default: health = nil
    }
    let isOver = words.first.map { $0.hasPrefix("Exited") } ?? false
    exitCode = isOver ? Int(mark) : nil
  }
}
