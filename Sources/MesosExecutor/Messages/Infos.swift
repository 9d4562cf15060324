/// mesos.v1.FrameworkInfo, with the fields that an executor needs.
package struct FrameworkInfo: Codable, Sendable, Hashable {
  /// mesos.v1.FrameworkInfo.Capability.Type by its name. Any name can be decoded.
  package struct Capability: RawRepresentable, Sendable, Hashable {
    /// The name in the proto.
    package let rawValue: String

    /// A capability with its name in the proto.
    package init(rawValue: String) {
      self.rawValue = rawValue
    }

    /// The framework supports TASK_KILLING.
    package static let taskKillingState = Self(rawValue: "TASK_KILLING_STATE")
  }

  /// The ID that the master assigned.
  package let id: FrameworkID?
  /// Its name: `marathon`, `Aurora`, …
  package let name: String
  /// The capabilities that the framework has declared.
  package let capabilities: Set<Capability>
  /// The default user of its tasks.
  package let user: String?
  /// The principal with which it authenticated.
  package let principal: String?
  /// Its roles; a framework with a single role has one.
  package let roles: [String]

  /// A framework.
  package init(
    id: FrameworkID?, name: String, capabilities: Set<Capability> = [], user: String? = nil,
    principal: String? = nil, roles: [String] = []
  ) {
    self.id = id
    self.name = name
    self.capabilities = capabilities
    self.user = user
    self.principal = principal
    self.roles = roles
  }

  private enum CodingKeys: String, CodingKey {
    case id, name, capabilities, user, principal, role, roles
  }
  private struct Entry: Codable { let type: String? }

  /// Decodes an agent's message.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    id = try values.decodeIfPresent(FrameworkID.self, forKey: .id)
    name = try values.decodeIfPresent(String.self, forKey: .name) ?? ""
    let entries: [Entry] = try values.list(.capabilities)
    capabilities = Set(entries.compactMap { $0.type.map(Capability.init(rawValue:)) })
    user = try values.decodeIfPresent(String.self, forKey: .user)
    principal = try values.decodeIfPresent(String.self, forKey: .principal)
    let several: [String] = try values.list(.roles)
    let one = try values.decodeIfPresent(String.self, forKey: .role)
    roles = several.isEmpty ? one.map { [$0] } ?? [] : several
  }

  /// Encodes the proto's fields.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(id, forKey: .id)
    try values.encode(name, forKey: .name)
    let entries = capabilities.map(\.rawValue).sorted().map(Entry.init(type:))
    try values.encode(list: entries, .capabilities)
    try values.encodeIfPresent(user, forKey: .user)
    try values.encodeIfPresent(principal, forKey: .principal)
    try values.encode(list: roles, .roles)
  }
}

/// mesos.v1.ExecutorInfo, with the fields that an executor needs.
package struct ExecutorInfo: Codable, Sendable, Hashable {
  /// The ID that the framework assigned.
  package let executorID: ExecutorID
  /// The framework's ID, where the agent sends it.
  package let frameworkID: FrameworkID?
  /// Its name for people.
  package let name: String?
  /// The command that started it, with the environment from the framework.
  package let command: CommandInfo?
  /// The executor's own resources, in addition to those of its tasks.
  package let resources: [Resource]
  /// Its labels.
  package let labels: [Label]

  /// An executor.
  package init(
    executorID: ExecutorID, frameworkID: FrameworkID? = nil, name: String? = nil,
    command: CommandInfo? = nil, resources: [Resource] = [], labels: [Label] = []
  ) {
    self.executorID = executorID
    self.frameworkID = frameworkID
    self.name = name
    self.command = command
    self.resources = resources
    self.labels = labels
  }

  private enum CodingKeys: String, CodingKey {
    case name, command, resources, labels
    case executorID = "executor_id"
    case frameworkID = "framework_id"
  }

  /// Decodes an agent's message.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    executorID = try values.decode(ExecutorID.self, forKey: .executorID)
    frameworkID = try values.decodeIfPresent(FrameworkID.self, forKey: .frameworkID)
    name = try values.decodeIfPresent(String.self, forKey: .name)
    command = try values.decodeIfPresent(CommandInfo.self, forKey: .command)
    resources = try values.list(.resources)
    labels = try values.labels(.labels)
  }

  /// Encodes the proto's fields.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(executorID, forKey: .executorID)
    try values.encodeIfPresent(frameworkID, forKey: .frameworkID)
    try values.encodeIfPresent(name, forKey: .name)
    try values.encodeIfPresent(command, forKey: .command)
    try values.encode(list: resources, .resources)
    try values.encodeIfPresent(LabelList(labels), forKey: .labels)
  }
}

/// mesos.v1.AgentInfo, with the fields that an executor needs.
package struct AgentInfo: Codable, Sendable, Hashable {
  /// The ID that the master assigned.
  package let id: AgentID?
  /// The host name that the agent advertises.
  package let hostname: String

  /// An agent.
  package init(id: AgentID?, hostname: String) {
    self.id = id
    self.hostname = hostname
  }
}
