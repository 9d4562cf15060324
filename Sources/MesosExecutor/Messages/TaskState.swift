/// What an executor may say of a task: the TaskState names that 1.0's mesos/v1/mesos.proto knows, without TASK_STAGING,
/// which agents refuse. There is no way to send another: agents of 1.0 to 1.4 answer 400 to a name they don't know.
public enum TaskState: String, Codable, Sendable, Hashable, CaseIterable {
  /// The executor has the task and prepares it.
  case starting = "TASK_STARTING"
  /// It runs.
  case running = "TASK_RUNNING"
  /// It is being killed; only for frameworks with the capability TASK_KILLING_STATE (the session sees to that).
  case killing = "TASK_KILLING"
  /// Terminal: it ended well.
  case finished = "TASK_FINISHED"
  /// Terminal: it ended badly.
  case failed = "TASK_FAILED"
  /// Terminal: it was killed on request.
  case killed = "TASK_KILLED"
  /// Terminal: it failed and can be started again elsewhere.
  case lost = "TASK_LOST"
  /// Terminal: its description is at fault.
  case error = "TASK_ERROR"

  /// Whether Mesos hands on the task's resources at this state, and no other may follow.
  public var isTerminal: Bool {
    switch self {
    case .starting, .running, .killing: false
    case .finished, .failed, .killed, .lost, .error: true
    }
  }
}

/// Why: those of TaskStatus.Reason in mesos/v1/mesos.proto that the executor sends. An agent that is older than a
/// reason answers 400; the session then leaves it out.
public enum TaskReason: String, Codable, Sendable, Hashable, CaseIterable {
  /// The memory limit was hit.
  case containerLimitationMemory = "REASON_CONTAINER_LIMITATION_MEMORY"
  /// It used more disk than it may.
  case containerLimitationDisk = "REASON_CONTAINER_LIMITATION_DISK"
  /// The task's description is at fault.
  case taskInvalid = "REASON_TASK_INVALID"
  /// The result of its check has changed.
  case taskCheckStatusUpdated = "REASON_TASK_CHECK_STATUS_UPDATED"
  /// Its health has changed.
  case taskHealthCheckStatusUpdated = "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED"

  /// Whether agents of 1.0 know it.
  var isKnownToAll: Bool {
    switch self {
    case .taskCheckStatusUpdated, .taskHealthCheckStatusUpdated: false
    default: true
    }
  }
}
