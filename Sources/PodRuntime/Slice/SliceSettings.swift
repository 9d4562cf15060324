/// What the operator says of slices.
public struct SliceSettings: Sendable, Equatable {
  /// What becomes of a pod whose slice would escape from isolators that the executor's own cgroup is bound by.
  public enum Escape: String, Sendable, CaseIterable {
    /// It isn't launched.
    case refuse
    /// It is launched with a warning.
    case warn
  }
  /// The slice above those of pods; nil for the root.
  public var parent: String?
  /// What becomes of a pod that would escape.
  public var escape: Escape

  /// Makes settings.
  public init(parent: String? = nil, escape: Escape = .refuse) {
    self.parent = parent
    self.escape = escape
  }
}
