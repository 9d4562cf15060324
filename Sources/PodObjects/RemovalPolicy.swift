/// How objects are removed, where the executor and pod-reaper differ.
package struct RemovalPolicy: Sendable, Equatable {
  /// The longest that a running container may take to stop before it is killed, in seconds; 0 kills at once. The
  /// executor kills: it has stopped the pod itself, in the order of dependencies and under the pod's own deadline.
  package var stopTimeout: Int
  /// Whether named volumes are left: the operator's setting of pod-reaper. A task's own wish is a label on the volume.
  package var keepsVolumes: Bool
  /// How long each object that the engine refuses to remove is tried again; zero for one attempt. The executor makes
  /// one, then lists the objects anew: a create that was under way may have been completed meanwhile. pod-reaper looks
  /// again in its next pass only.
  package var patience: Duration
  /// Whether a request that has begun is waited for when the task is canceled. The executor waits: dockerd carries the
  /// request out anyway, and the terminal update must not come before it has. pod-reaper is told to end at any time,
  /// and finds the rest when it starts again.
  package var finishesRequests: Bool

  /// Makes a policy; by default the executor's.
  package init(
    stopTimeout: Int = 0, keepsVolumes: Bool = false, patience: Duration = .zero,
    finishesRequests: Bool = true
  ) {
    self.stopTimeout = stopTimeout
    self.keepsVolumes = keepsVolumes
    self.patience = patience
    self.finishesRequests = finishesRequests
  }
}

/// The result of a removal.
package struct RemovalResult: Sendable, Equatable {
  /// An object that could not be removed.
  package struct Failure: Sendable, Equatable {
    package let kind: String
    package let id: String
    package let name: String
    package let reason: String

    /// Describes a failure; the name is the ID where there is no other.
    package init(kind: String, id: String? = nil, name: String, reason: String) {
      self.kind = kind
      self.id = id ?? name
      self.name = name
      self.reason = reason
    }
  }

  /// Names of what was removed, by kind: `containers`, `networks`, `volumes`, `endpoints`; and what pod-reaper adds.
  package var removed: [String: [String]]
  /// Objects that should be gone and are not.
  package var failed: [Failure]
  /// Cgroups that the agent removes first.
  package var pending: [String]

  /// Makes a result; by default an empty one.
  package init(
    removed: [String: [String]] = [:], failed: [Failure] = [], pending: [String] = []
  ) {
    self.removed = removed
    self.failed = failed
    self.pending = pending
  }

  /// Adds another result.
  package mutating func merge(_ other: RemovalResult) {
    removed.merge(other.removed) { $0 + $1 }
    failed += other.failed
    pending += other.pending
  }

  /// Whether anything was removed.
  package var didRemove: Bool { removed.values.contains { !$0.isEmpty } }
}
