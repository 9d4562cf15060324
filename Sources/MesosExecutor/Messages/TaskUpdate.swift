import JSON

/// An update of a task's state. The session adds uuid, time, source and IDs (mesos.v1.TaskStatus).
package struct TaskUpdate: Sendable, Hashable {
  /// The task's ID.
  package var taskID: TaskID
  /// The new state.
  package var state: TaskState
  /// A message for people, of one or several lines.
  package var message: String?
  /// The reason, for programs.
  package var reason: TaskReason?
  /// Data that the framework defines.
  package var data: Base64Bytes?
  /// Whether the task's health check succeeds; set with `running`, and with the terminal state that
  /// a failed health check causes.
  package var isHealthy: Bool?
  /// The labels of the status.
  package var labels: [Label]
  /// The pod's addresses and published ports (`container_status.network_infos`).
  package var networks: [NetworkInfo]
  /// The last result of `TaskInfo.check`.
  package var check: CheckStatus?

  /// An update.
  package init(
    taskID: TaskID, state: TaskState, message: String? = nil, reason: TaskReason? = nil,
    data: Base64Bytes? = nil, isHealthy: Bool? = nil, labels: [Label] = [],
    networks: [NetworkInfo] = [], check: CheckStatus? = nil
  ) {
    self.taskID = taskID
    self.state = state
    self.message = message
    self.reason = reason
    self.data = data
    self.isHealthy = isHealthy
    self.labels = labels
    self.networks = networks
    self.check = check
  }
}

/// mesos.v1.NetworkInfo: a network that the pod is connected to.
package struct NetworkInfo: Codable, Sendable, Hashable {
  /// NetworkInfo.PortMapping (1.2 and later; older agents ignore it).
  package struct PortMapping: Codable, Sendable, Hashable {
    /// The port on the host.
    package let hostPort: UInt32
    /// The port in the container.
    package let containerPort: UInt32
    /// `tcp` or `udp`.
    package let `protocol`: String

    /// A published port.
    package init(hostPort: UInt32, containerPort: UInt32, protocol: String) {
      self.hostPort = hostPort
      self.containerPort = containerPort
      self.protocol = `protocol`
    }

    private enum CodingKeys: String, CodingKey {
      case hostPort = "host_port"
      case containerPort = "container_port"
      case `protocol` = "protocol"
    }
  }

  /// The network's name; nil where it has none.
  package let name: String?
  /// IPv4 or IPv6 addresses without a prefix length.
  package let addresses: [String]
  /// The published ports.
  package let ports: [PortMapping]

  /// A network.
  package init(name: String? = nil, addresses: [String], ports: [PortMapping] = []) {
    self.name = name
    self.addresses = addresses
    self.ports = ports
  }

  private enum CodingKeys: String, CodingKey {
    case name
    case addresses = "ip_addresses"
    case ports = "port_mappings"
  }

  private struct Address: Codable {
    let `protocol`: String?
    let ip_address: String?
  }

  /// Decodes the proto's fields.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    name = try values.decodeIfPresent(String.self, forKey: .name)
    let list: [Address] = try values.list(.addresses)
    addresses = list.compactMap(\.ip_address)
    ports = try values.list(.ports)
  }

  /// Encodes the proto's fields.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(name, forKey: .name)
    let list = addresses.map {
      Address(protocol: $0.utf8.contains(UInt8(ascii: ":")) ? "IPv6" : "IPv4", ip_address: $0)
    }
    try values.encode(list: list, .addresses)
    try values.encode(list: ports, .ports)
  }
}

/// mesos.v1.CheckStatusInfo (1.2 and later; older agents ignore it). A value is nil before the
/// first check.
package enum CheckStatus: Sendable, Hashable {
  /// The command's exit status.
  case command(exitCode: Int32?)
  /// The HTTP status.
  case http(statusCode: UInt32?)
  /// Whether the connection succeeded.
  case tcp(succeeded: Bool?)
}

extension CheckStatus: Codable {
  private enum CodingKeys: CodingKey { case type, command, http, tcp }
  private struct Command: Codable { let exit_code: Int32? }
  private struct HTTP: Codable { let status_code: UInt32? }
  private struct TCP: Codable { let succeeded: Bool? }

  /// Decodes the proto's fields.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    switch try values.decodeIfPresent(ProbeKind.self, forKey: .type) {
    case .command:
      let status = try values.decodeIfPresent(Command.self, forKey: .command)
      self = .command(exitCode: status?.exit_code)
    case .http:
      let status = try values.decodeIfPresent(HTTP.self, forKey: .http)
      self = .http(statusCode: status?.status_code)
    case .tcp:
      self = .tcp(succeeded: try values.decodeIfPresent(TCP.self, forKey: .tcp)?.succeeded)
    default:
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: values, debugDescription: "not a known type of check")
    }
  }

  /// Encodes the proto's fields. Agents require the field of the type even if it is empty.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .command(let code):
      try values.encode(ProbeKind.command, forKey: .type)
      try values.encode(Command(exit_code: code), forKey: .command)
    case .http(let code):
      try values.encode(ProbeKind.http, forKey: .type)
      try values.encode(HTTP(status_code: code), forKey: .http)
    case .tcp(let succeeded):
      try values.encode(ProbeKind.tcp, forKey: .type)
      try values.encode(TCP(succeeded: succeeded), forKey: .tcp)
    }
  }
}
