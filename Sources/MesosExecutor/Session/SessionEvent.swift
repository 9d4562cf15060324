/// The events that a session sends to the executor.
package enum SessionEvent: Sendable {
  /// The agent has accepted the subscription, for the first time or again after a disconnection.
  case subscribed(Subscription, isFirst: Bool)
  /// A new task to start.
  case launch(TaskInfo)
  /// New tasks to start together (Mesos, docs/app-framework-development-guide.md, "Using the Mesos
  /// Default Executor"): if one fails or is killed, the others are killed.
  case launchGroup([TaskInfo])
  /// A task to kill, within `grace` if the framework sets it. The event can be repeated with
  /// another grace period, and its task may never have been launched.
  case kill(TaskID, grace: Duration?)
  /// A task whose description can't be read. It has no ``launch`` event, and its TASK_ERROR is
  /// queued.
  case refused(TaskID)
  /// The terminal update of a task is acknowledged.
  case acknowledged(TaskID)
  /// Bytes from the framework.
  case message([UInt8])
  /// All tasks must stop, and the executor must exit within its shutdown grace period. The event is
  /// sent once.
  case shutdown
  /// The session is over, and all tasks must stop. This is the last event.
  case ended(SessionEnd)
}

/// The reason why a session is over.
package enum SessionEnd: Error, Sendable, Hashable, CustomStringConvertible {
  /// The agent is gone, and the framework does not use checkpointing.
  case agentLost(String)
  /// The agent did not return within the recovery timeout.
  case recoveryTimedOut(after: Duration, String)
  /// The agent does not know the framework or the executor (400).
  case unknownToAgent(String)
  /// The agent does not accept the token (401).
  case unauthorized(String)
  /// The agent does not accept this executor's identity, or refuses it access (403).
  case refused(String)

  /// One line for the log, and for the updates of the tasks that stop.
  package var description: String {
    switch self {
    case .agentLost(let reason):
      "the connection to the agent was lost, and the framework has no checkpointing: \(reason)"
    case .recoveryTimedOut(let time, let reason):
      "the agent did not come back within \(time): \(reason)"
    case .unknownToAgent(let reason): "the agent does not know this executor: \(reason)"
    case .unauthorized(let reason): "the agent does not accept the executor's token: \(reason)"
    case .refused(let reason): "the agent refuses this executor: \(reason)"
    }
  }
}
