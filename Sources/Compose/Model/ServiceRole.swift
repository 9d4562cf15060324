import YAML

/// The effect of a service's exit on its pod: `role` of `x-pod:`, or `pod.roles` (docs/pods.md,
/// "Roles").
package enum ServiceRole: String, Sendable, CaseIterable {
  /// Keeps the pod running. Its exit determines the pod's outcome.
  case main
  /// Runs beside the main services and never keeps the pod alive. Its failure fails the pod.
  case sidecar
  /// A sidecar whose failure has no consequence.
  case optional
  /// Completes before the other services start.
  case initial = "init"
  /// Runs after all other services have exited or were stopped.
  case final
}

/// The reaction to an unhealthy service or an out-of-memory kill.
package enum FailureReaction: String, Sendable, CaseIterable {
  /// The pod fails.
  case fail
  /// The service is restarted.
  case restart
}

/// The variables of the task that a container receives: `task_env` of `x-pod:`, or `pod.task_env`
/// (docs/pods.md, "Task variables").
package enum TaskVariables: String, Sendable, CaseIterable {
  /// No variables.
  case none
  /// The task's IDs, host and ports.
  case mesos
  /// The task's ID, host and ports under Marathon's names, and Marathon's description of the app.
  case marathon
}

/// `x-pod:` of a service.
package struct ServicePodSettings: Sendable, Equatable {
  /// `role:`; nil if the file doesn't set it.
  package var role: Located<ServiceRole>?
  /// `on_unhealthy:`; nil if the file doesn't set it.
  package var onUnhealthy: FailureReaction?
  /// `on_oom:`; nil if the file doesn't set it.
  package var onOutOfMemory: FailureReaction?
  /// `task_env:`; nil if the file doesn't set it.
  package var taskVariables: TaskVariables?
  /// `task_file:`; nil if the file doesn't set it.
  package var hasTaskFile: Located<Bool>?

  /// No settings.
  package init() {}
}
