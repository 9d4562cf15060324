import YAML

/// What a service's exit means to its pod: `role` of `x-pod:`, or `pod.roles` (docs/pod-options.md, "Roles").
public enum ServiceRole: String, Sendable, CaseIterable {
  /// Its exit decides the pod's end.
  case main
  /// Runs beside the main services and never keeps the pod alive. Its failure fails the pod.
  case sidecar
  /// The same, but its failure has no consequence.
  case optional
  /// Completes before the others start.
  case initial = "init"
  /// Runs after all others have exited or were stopped.
  case final
}

/// What follows from a failure of a service that has not exited by itself.
public enum FailureReaction: String, Sendable, CaseIterable {
  /// The pod fails.
  case fail
  /// The service is started again, as its restart path does it.
  case restart
}

/// `x-pod:` of a service.
public struct ServicePodSettings: Sendable, Equatable {
  /// `role:`; nil where the file says nothing.
  public var role: Located<ServiceRole>?
  /// `on_unhealthy:`; nil where the file says nothing.
  public var onUnhealthy: FailureReaction?
  /// `on_oom:`; nil where the file says nothing.
  public var onOutOfMemory: FailureReaction?

  /// Nothing said.
  public init() {}
}
