/// How objects are removed, where the executor and pod-reaper differ.
package struct RemovalPolicy: Sendable, Equatable {
  /// The longest time in seconds for a running container to stop before it is killed; 0 kills at
  /// once. The executor uses 0: it has stopped the pod itself, in the order of dependencies and
  /// within the pod's own deadline.
  package var stopTimeout: Int
  /// Whether named volumes are kept: the operator's setting of pod-reaper. A task requests this
  /// with a label on the volume.
  package var keepsVolumes: Bool
  /// How long the removal of an object is retried if the engine refuses; zero for one attempt. The
  /// executor makes one attempt, then lists the objects again: a concurrent create request may have
  /// completed in the meantime. pod-reaper lists them again in its next pass only.
  package var patience: Duration
  /// Whether a request that has begun is awaited when the task is canceled. The executor waits:
  /// dockerd completes the request anyway, and the terminal update must not precede that.
  /// pod-reaper may be stopped at any time, and finds the remaining objects when it starts again.
  package var finishesRequests: Bool

  /// Creates a policy; by default the executor's.
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

    /// Describes a failure. Without an ID the name is the ID.
    package init(kind: String, id: String? = nil, name: String, reason: String) {
      self.kind = kind
      self.id = id ?? name
      self.name = name
      self.reason = reason
    }
  }

  /// Names of removed objects by kind: `containers`, `networks`, `volumes`, `endpoints`, and the
  /// kinds that pod-reaper adds.
  package var removed: [String: [String]]
  /// Objects that could not be removed.
  package var failed: [Failure]
  /// Cgroups that the agent must remove first.
  package var pending: [String]

  /// Creates a result; by default an empty one.
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

  /// Whether any object was removed.
  package var didRemove: Bool { removed.values.contains { !$0.isEmpty } }
}
