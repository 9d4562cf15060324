import JSON

/// mesos.v1.executor.Call (mesos/v1/executor/executor.proto).
struct Call: Encodable, Sendable {
  /// The type of the call, with its field.
  enum Content: Sendable {
    case subscribe(tasks: [UnacknowledgedTask], updates: [TaskStatus])
    case update(TaskStatus)

    /// The name of the type.
    var type: String {
      switch self {
      case .subscribe: "SUBSCRIBE"
      case .update: "UPDATE"
      }
    }
  }

  let executorID: ExecutorID
  let frameworkID: FrameworkID
  let content: Content

  private enum CodingKeys: String, CodingKey {
    case type, subscribe, update
    case executorID = "executor_id"
    case frameworkID = "framework_id"
  }

  private struct Update: Encodable { let status: TaskStatus }
  private struct Subscribe: Encodable {
    let unacknowledged_tasks: [UnacknowledgedTask]
    let unacknowledged_updates: [Update]
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(executorID, forKey: .executorID)
    try values.encode(frameworkID, forKey: .frameworkID)
    try values.encode(content.type, forKey: .type)
    switch content {
    case .subscribe(let tasks, let updates):
      let lists = Subscribe(
        unacknowledged_tasks: tasks, unacknowledged_updates: updates.map(Update.init(status:)))
      try values.encode(lists, forKey: .subscribe)
    case .update(let status):
      try values.encode(Update(status: status), forKey: .update)
    }
  }

  /// The body of a request.
  func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}

/// The required fields of a TaskInfo. Agents of all versions read only the task's ID
/// (Slave::subscribe). The other fields could contain megabytes of `data`, or a name that a
/// downgraded agent refuses.
struct UnacknowledgedTask: Codable, Sendable, Hashable {
  let name: String
  let taskID: TaskID
  let agentID: AgentID

  private enum CodingKeys: String, CodingKey {
    case name
    case taskID = "task_id"
    case agentID = "agent_id"
  }
}
