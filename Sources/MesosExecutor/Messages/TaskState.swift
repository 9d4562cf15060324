/// The states that an executor sends: the names of TaskState in the mesos/v1/mesos.proto of 1.0,
/// without TASK_STAGING, which agents refuse. Other states cannot be sent, because agents of 1.0 to
/// 1.4 respond with 400 to an unknown name.
package enum TaskState: String, Codable, Sendable, Hashable, CaseIterable {
  /// The executor has received the task and prepares it.
  case starting = "TASK_STARTING"
  /// The task runs.
  case running = "TASK_RUNNING"
  /// The task is being killed. The session sends this state only to frameworks with the capability
  /// TASK_KILLING_STATE.
  case killing = "TASK_KILLING"
  /// Terminal: the task succeeded.
  case finished = "TASK_FINISHED"
  /// Terminal: the task failed.
  case failed = "TASK_FAILED"
  /// Terminal: the task was killed on request.
  case killed = "TASK_KILLED"
  /// Terminal: the task failed and can be started again elsewhere.
  case lost = "TASK_LOST"
  /// Terminal: the description of the task is invalid.
  case error = "TASK_ERROR"

  /// Whether Mesos releases the task's resources in this state, and no other state may follow.
  package var isTerminal: Bool {
    switch self {
    case .starting, .running, .killing: false
    case .finished, .failed, .killed, .lost, .error: true
    }
  }
}

/// The reasons of a state that this executor sends: a part of TaskStatus.Reason in
/// mesos/v1/mesos.proto. An agent that does not know a reason responds with 400, and the session
/// then omits the reason.
package enum TaskReason: String, Codable, Sendable, Hashable, CaseIterable {
  /// The task exceeded its memory limit.
  case containerLimitationMemory = "REASON_CONTAINER_LIMITATION_MEMORY"
  /// The task exceeded its disk limit.
  case containerLimitationDisk = "REASON_CONTAINER_LIMITATION_DISK"
  /// The description of the task is invalid.
  case taskInvalid = "REASON_TASK_INVALID"
  /// The result of the task's check has changed.
  case taskCheckStatusUpdated = "REASON_TASK_CHECK_STATUS_UPDATED"
  /// The task's health has changed.
  case taskHealthCheckStatusUpdated = "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED"

  /// Whether agents of 1.0 know the reason.
  var isKnownToAll: Bool {
    switch self {
    case .taskCheckStatusUpdated, .taskHealthCheckStatusUpdated: false
    default: true
    }
  }
}
