import JSON

/// mesos.v1.TaskStatus in the form that the session sends.
struct TaskStatus: Codable, Sendable, Hashable {
  let taskID: TaskID
  let state: TaskState
  let message: String?
  let source: String
  var reason: TaskReason?
  let data: Base64Bytes?
  let agentID: AgentID
  let executorID: ExecutorID
  /// Seconds since 1970.
  let timestamp: Double
  /// The 16 bytes of the UUID.
  let uuid: Base64Bytes
  let healthy: Bool?
  let labels: LabelList?
  let containerStatus: ContainerStatus?
  let checkStatus: CheckStatus?

  /// The agent adds the other fields. If this one contained a container_id, the agent would search
  /// for a nested container.
  struct ContainerStatus: Codable, Sendable, Hashable {
    let networks: [NetworkInfo]

    private enum CodingKeys: String, CodingKey { case networks = "network_infos" }
  }

  private enum CodingKeys: String, CodingKey {
    case state, message, source, reason, data, timestamp, uuid, healthy, labels
    case taskID = "task_id"
    case agentID = "agent_id"
    case executorID = "executor_id"
    case containerStatus = "container_status"
    case checkStatus = "check_status"
  }

  init(
    _ update: TaskUpdate, uuid: Base64Bytes, timestamp: Double, agentID: AgentID,
    executorID: ExecutorID
  ) {
    taskID = update.taskID
    state = update.state
    message = update.message
    source = "SOURCE_EXECUTOR"
    reason = update.reason
    data = update.data
    self.agentID = agentID
    self.executorID = executorID
    self.timestamp = timestamp
    self.uuid = uuid
    healthy = update.isHealthy
    labels = LabelList(update.labels)
    containerStatus = update.networks.isEmpty ? nil : ContainerStatus(networks: update.networks)
    checkStatus = update.check
  }

  /// The same status without a reason that older agents do not know; nil where its reason is known
  /// to all or missing.
  var withoutNewerReason: TaskStatus? {
    guard let reason, !reason.isKnownToAll else { return nil }
    var status = self
    status.reason = nil
    return status
  }

  /// The same status with only the fields that an agent requires, for an agent that refuses the
  /// full status.
  var reduced: TaskStatus {
    TaskStatus(reducing: self)
  }

  private init(reducing status: TaskStatus) {
    taskID = status.taskID
    state = status.state
    message = status.message.map { String($0.unicodeScalars.prefix(256)) }
    source = status.source
    reason = nil
    data = nil
    agentID = status.agentID
    executorID = status.executorID
    timestamp = status.timestamp
    uuid = status.uuid
    healthy = status.healthy
    labels = nil
    containerStatus = nil
    checkStatus = nil
  }
}

extension Base64Bytes {
  /// A new version 4 UUID (RFC 9562), in the form that Mesos uses.
  static func uuid() -> Base64Bytes {
    var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    return Base64Bytes(bytes)
  }
}
