import YAML

/// What a service's exit means to its pod: `role` of `x-pod:`, or `pod.roles` (docs/pods.md, "Roles").
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

/// Which variables of its task a container gets: `task_env` of `x-pod:`, or `pod.task_env` (docs/pods.md, "Task
/// variables").
public enum TaskVariables: String, Sendable, CaseIterable {
  /// None.
  case none
  /// The task's IDs, host and ports.
  case mesos
  /// The task's ID, host and ports as Marathon names them, and what Marathon says of its app.
  case marathon
}

/// `x-pod:` of a service.
public struct ServicePodSettings: Sendable, Equatable {
  /// `role:`; nil where the file says nothing.
  public var role: Located<ServiceRole>?
  /// `on_unhealthy:`; nil where the file says nothing.
  public var onUnhealthy: FailureReaction?
  /// `on_oom:`; nil where the file says nothing.
  public var onOutOfMemory: FailureReaction?
  /// `task_env:`; nil where the file says nothing.
  public var taskVariables: TaskVariables?
  /// `task_file:`; nil where the file says nothing.
  public var hasTaskFile: Located<Bool>?

  /// Nothing said.
  public init() {}
}
