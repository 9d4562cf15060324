import JSON

/// mesos.v1.TaskInfo, with the fields that an executor needs. Unknown fields and names are ignored.
package struct TaskInfo: Sendable, Hashable {
  /// The task's name, which need not be unique.
  package let name: String
  /// The task's ID.
  package let taskID: TaskID
  /// The ID of the agent that received the task.
  package let agentID: AgentID
  /// Its resources in their original order.
  package let resources: [Resource]
  /// Its executor, where the framework has set one.
  package let executor: ExecutorInfo?
  /// The command that a command executor would run. This executor uses its environment.
  package let command: CommandInfo?
  /// Bytes for the executor. Aurora puts its task configuration here.
  package let data: Base64Bytes?
  /// Its labels in their order.
  package let labels: [Label]
  /// Its service discovery information, with its ports.
  package let discovery: DiscoveryInfo?
  /// The check that determines whether the task is healthy.
  package let healthCheck: HealthCheck?
  /// A check whose result is only reported.
  package let check: CheckInfo?
  /// The policy for killing the task.
  package let killPolicy: KillPolicy?
  /// Upper limits of resources by name (1.10 and later), infinite for none. With a limit, the
  /// resource is the guaranteed amount.
  package let limits: [String: Double]

  /// A task.
  package init(
    name: String, taskID: TaskID, agentID: AgentID, resources: [Resource] = [],
    executor: ExecutorInfo? = nil, command: CommandInfo? = nil, data: Base64Bytes? = nil,
    labels: [Label] = [], discovery: DiscoveryInfo? = nil, healthCheck: HealthCheck? = nil,
    check: CheckInfo? = nil, killPolicy: KillPolicy? = nil, limits: [String: Double] = [:]
  ) {
    self.name = name
    self.taskID = taskID
    self.agentID = agentID
    self.resources = resources
    self.executor = executor
    self.command = command
    self.data = data
    self.labels = labels
    self.discovery = discovery
    self.healthCheck = healthCheck
    self.check = check
    self.killPolicy = killPolicy
    self.limits = limits
  }
}

extension TaskInfo {
  /// Whether the health check or the check is a command.
  package var hasCommandCheck: Bool {
    [healthCheck?.probe, check?.probe].contains { probe in
      if case .command? = probe { true } else { false }
    }
  }
}

extension TaskInfo: Codable {
  private enum CodingKeys: String, CodingKey {
    case name, resources, executor, command, data, labels, discovery, check, limits
    case taskID = "task_id"
    case agentID = "agent_id"
    case healthCheck = "health_check"
    case killPolicy = "kill_policy"
  }

  /// Decodes an agent's message.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    name = try values.decodeIfPresent(String.self, forKey: .name) ?? ""
    taskID = try values.decode(TaskID.self, forKey: .taskID)
    agentID = try values.decode(AgentID.self, forKey: .agentID)
    resources = try values.list(.resources)
    executor = try values.decodeIfPresent(ExecutorInfo.self, forKey: .executor)
    command = try values.decodeIfPresent(CommandInfo.self, forKey: .command)
    data = try values.decodeIfPresent(Base64Bytes.self, forKey: .data)
    labels = try values.labels(.labels)
    discovery = try values.decodeIfPresent(DiscoveryInfo.self, forKey: .discovery)
    healthCheck = try values.decodeIfPresent(HealthCheck.self, forKey: .healthCheck)
    check = try values.decodeIfPresent(CheckInfo.self, forKey: .check)
    killPolicy = try values.decodeIfPresent(KillPolicy.self, forKey: .killPolicy)
    limits = (try values.decodeIfPresent([String: Scalar].self, forKey: .limits) ?? [:])
      .mapValues(\.value)
  }

  /// Encodes the proto's fields; an empty field is omitted.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(name, forKey: .name)
    try values.encode(taskID, forKey: .taskID)
    try values.encode(agentID, forKey: .agentID)
    try values.encode(list: resources, .resources)
    try values.encodeIfPresent(executor, forKey: .executor)
    try values.encodeIfPresent(command, forKey: .command)
    try values.encodeIfPresent(data, forKey: .data)
    try values.encodeIfPresent(LabelList(labels), forKey: .labels)
    try values.encodeIfPresent(discovery, forKey: .discovery)
    try values.encodeIfPresent(healthCheck, forKey: .healthCheck)
    try values.encodeIfPresent(check, forKey: .check)
    try values.encodeIfPresent(killPolicy, forKey: .killPolicy)
    if !limits.isEmpty {
      try values.encode(limits.mapValues(Scalar.init(value:)), forKey: .limits)
    }
  }
}

/// mesos.v1.KillPolicy.
package struct KillPolicy: Codable, Sendable, Hashable {
  /// The time between the request to exit and the kill; nil leaves the time to the executor.
  package let gracePeriod: Duration?

  /// A kill policy.
  package init(gracePeriod: Duration?) {
    self.gracePeriod = gracePeriod
  }

  private enum CodingKeys: String, CodingKey { case gracePeriod = "grace_period" }
  private struct Nanoseconds: Codable { let nanoseconds: LenientInteger<Int64> }

  /// Decodes an agent's message; a negative time becomes zero.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    gracePeriod = try values.decodeIfPresent(Nanoseconds.self, forKey: .gracePeriod).map {
      .nanoseconds(max(0, $0.nanoseconds.value))
    }
  }

  /// Encodes the proto's fields.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    guard let gracePeriod else { return }
    let (seconds, attoseconds) = gracePeriod.components
    let nanoseconds = min(seconds, 9_000_000_000) * 1_000_000_000 + attoseconds / 1_000_000_000
    try values.encode(
      Nanoseconds(nanoseconds: LenientInteger(nanoseconds)), forKey: .gracePeriod)
  }
}

/// mesos.v1.DiscoveryInfo, with the fields that an executor needs.
package struct DiscoveryInfo: Codable, Sendable, Hashable {
  /// mesos.v1.Port.
  package struct Port: Codable, Sendable, Hashable {
    /// The port's number on the host.
    package let number: UInt32
    /// Its name.
    package let name: String?
    /// `tcp`, `udp`, or another name that the framework sets.
    package let `protocol`: String?

    /// A port.
    package init(number: UInt32, name: String? = nil, protocol: String? = nil) {
      self.number = number
      self.name = name
      self.protocol = `protocol`
    }
  }

  /// FRAMEWORK, CLUSTER or EXTERNAL.
  package let visibility: String
  /// The name for service discovery.
  package let name: String?
  /// Its ports, in their order.
  package let ports: [Port]

  /// The service discovery information of a task.
  package init(visibility: String = "FRAMEWORK", name: String? = nil, ports: [Port] = []) {
    self.visibility = visibility
    self.name = name
    self.ports = ports
  }

  private enum CodingKeys: String, CodingKey { case visibility, name, ports }
  private struct Ports: Codable { let ports: [Port]? }

  /// Decodes an agent's message.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    visibility = try values.decodeIfPresent(String.self, forKey: .visibility) ?? "FRAMEWORK"
    name = try values.decodeIfPresent(String.self, forKey: .name)
    ports = try values.decodeIfPresent(Ports.self, forKey: .ports)?.ports ?? []
  }

  /// Encodes the proto's fields.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(visibility, forKey: .visibility)
    try values.encodeIfPresent(name, forKey: .name)
    if !ports.isEmpty { try values.encode(Ports(ports: ports), forKey: .ports) }
  }
}
