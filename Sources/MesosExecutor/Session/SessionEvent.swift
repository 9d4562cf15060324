/// What a session tells the executor.
public enum SessionEvent: Sendable {
  /// The agent knows us: for the first time, or again after it was away.
  case subscribed(Subscription, isFirst: Bool)
  /// A task to start; never one that is known already.
  case launch(TaskInfo)
  /// Tasks to start together, none of which is known already (docs/app-framework-development-guide.md, "Using the Mesos
  /// Default Executor"): if one fails or is killed, the others are killed.
  case launchGroup([TaskInfo])
  /// A task to end, within `grace` if the framework says so. It may come again, with another grace, and it may name a
  /// task that was never launched.
  case kill(TaskID, grace: Duration?)
  /// A task whose description can't be read, and of which no ``launch`` tells: its TASK_ERROR is on its way.
  case refused(TaskID)
  /// The terminal update of a task is acknowledged.
  case settled(TaskID)
  /// Bytes from the framework.
  case message([UInt8])
  /// All tasks have to end, and the executor has to exit within its shutdown grace period. Comes once.
  case shutdown
  /// There is no agent for us any more: all tasks have to end. The last event.
  case ended(SessionEnd)
}

/// Why a session is over.
public enum SessionEnd: Error, Sendable, Hashable, CustomStringConvertible {
  /// The agent went away, and the framework has no checkpointing.
  case agentLost(String)
  /// The agent did not come back within the recovery timeout.
  case recoveryTimedOut(after: Duration, String)
  /// The agent says that there is no such framework or executor (400).
  case unknownToAgent(String)
  /// The agent does not accept our token (401).
  case unauthorized(String)
  /// The agent says that we are not who we claim to be, or may not speak to it (403).
  case refused(String)

  /// One line for the log and for the updates of the tasks that end with it.
  public var description: String {
    switch self {
    case .agentLost(let reason):
      "lost the agent, and the framework has no checkpointing: \(reason)"
    case .recoveryTimedOut(let time, let reason):
      "the agent did not come back within \(time): \(reason)"
    case .unknownToAgent(let reason): "the agent does not know this executor: \(reason)"
    case .unauthorized(let reason): "the agent does not accept the executor's token: \(reason)"
    case .refused(let reason): "the agent refuses this executor: \(reason)"
    }
  }
}
