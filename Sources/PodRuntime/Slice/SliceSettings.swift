/// The operator's settings for slices.
package struct SliceSettings: Sendable, Equatable {
  /// The action for a pod whose slice would escape isolators that the executor's own cgroup is
  /// subject to.
  package enum Escape: String, Sendable, CaseIterable {
    /// The pod isn't launched.
    case refuse
    /// The pod is launched with a warning.
    case warn
  }
  /// The parent slice of the pods' slices; nil for the root.
  package var parent: String?
  /// The action for a pod that would escape.
  package var escape: Escape

  /// Creates settings.
  package init(parent: String? = nil, escape: Escape = .refuse) {
    self.parent = parent
    self.escape = escape
  }
}
