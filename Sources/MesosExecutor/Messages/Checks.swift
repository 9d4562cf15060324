/// The request that a check or health check makes.
package enum Probe: Sendable, Hashable {
  /// A GET request to a port of the host. Any 2xx or 3xx, or only one of `statuses`, is a success.
  /// The scheme is `http` or `https`; certificates are not verified (Mesos, docs/health-checks.md).
  case http(HTTPTarget, statuses: [UInt32])
  /// A TCP connection to a port of the host.
  case tcp(port: UInt32, isIPv6: Bool)
  /// A command in the sandbox. Exit status 0 is a success.
  case command(CommandInfo)
}

/// The target of an HTTP check.
package struct HTTPTarget: Sendable, Hashable {
  /// `http` or `https`.
  package var scheme: String
  /// The port; a value above 65535 is not a port.
  package var port: UInt32
  /// The path with its query.
  package var path: String
  /// Whether the request goes to `::1` instead of `127.0.0.1`.
  package var isIPv6: Bool

  /// A target; by default plain HTTP on 127.0.0.1.
  package init(scheme: String = "http", port: UInt32, path: String = "/", isIPv6: Bool = false) {
    self.scheme = scheme
    self.port = port
    self.path = path
    self.isIPv6 = isIPv6
  }
}

/// The names of `Type` in HealthCheck and CheckInfo; any name decodes.
struct ProbeKind: RawRepresentable, Codable, Sendable, Hashable {
  let rawValue: String
  static let command = Self(rawValue: "COMMAND")
  static let http = Self(rawValue: "HTTP")
  static let tcp = Self(rawValue: "TCP")
}

/// HealthCheck.HTTPCheckInfo, CheckInfo.Http.
struct HTTPProbe: Codable, Sendable {
  var scheme: String?
  let port: LenientInteger<UInt32>
  let path: String?
  var statuses: [UInt32]?
  /// NetworkInfo.Protocol by name (1.4 and later).
  var `protocol`: String?

  var probe: Probe {
    .http(
      HTTPTarget(
        scheme: scheme?.lowercased() ?? "http", port: port.value, path: path ?? "/",
        isIPv6: `protocol` == ipv6),
      statuses: statuses ?? [])
  }

  init(_ target: HTTPTarget, statuses: [UInt32]) {
    scheme = target.scheme
    port = LenientInteger(target.port)
    path = target.path
    self.statuses = statuses.isEmpty ? nil : statuses
    `protocol` = target.isIPv6 ? ipv6 : nil
  }
}

private let ipv6 = "IPv6"

/// HealthCheck.TCPCheckInfo, CheckInfo.Tcp.
struct TCPProbe: Codable, Sendable {
  let port: LenientInteger<UInt32>
  /// NetworkInfo.Protocol by name (1.4 and later).
  var `protocol`: String?

  var probe: Probe { .tcp(port: port.value, isIPv6: `protocol` == ipv6) }

  init(port: UInt32, isIPv6: Bool) {
    self.port = LenientInteger(port)
    `protocol` = isIPv6 ? ipv6 : nil
  }
}

/// mesos.v1.HealthCheck.
package struct HealthCheck: Sendable, Hashable {
  /// The request; nil if its type is unknown.
  package let probe: Probe?
  /// The time from the launch to the first check (15 s unless set).
  package let delay: Duration
  /// The time from one check to the next (10 s unless set).
  package let interval: Duration
  /// The longest time of one check (20 s unless set); zero for no limit.
  package let timeout: Duration
  /// The time from the launch in which failures do not count (10 s unless set).
  package let gracePeriod: Duration
  /// The number of consecutive failures after which the task is killed (3 unless set); zero means
  /// the first failure.
  package let consecutiveFailures: UInt32

  /// A health check.
  package init(
    probe: Probe?, delay: Duration = .seconds(15), interval: Duration = .seconds(10),
    timeout: Duration = .seconds(20), gracePeriod: Duration = .seconds(10),
    consecutiveFailures: UInt32 = 3
  ) {
    self.probe = probe
    self.delay = delay
    self.interval = interval
    self.timeout = timeout
    self.gracePeriod = gracePeriod
    self.consecutiveFailures = consecutiveFailures
  }
}

extension HealthCheck: Codable {
  private enum CodingKeys: String, CodingKey {
    case type, command, http, tcp
    case delay = "delay_seconds"
    case interval = "interval_seconds"
    case timeout = "timeout_seconds"
    case gracePeriod = "grace_period_seconds"
    case consecutiveFailures = "consecutive_failures"
  }

  /// Decodes an agent's message. Version 1.0 has no `type`; there the field that is set determines
  /// the type.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let type = try values.decodeIfPresent(ProbeKind.self, forKey: .type)
    let http = try values.decodeIfPresent(HTTPProbe.self, forKey: .http)
    let tcp = try values.decodeIfPresent(TCPProbe.self, forKey: .tcp)
    let command = try values.decodeIfPresent(CommandInfo.self, forKey: .command)
    switch type {
    case .http: probe = http?.probe
    case .tcp: probe = tcp?.probe
    case .command: probe = command.map(Probe.command)
    case nil: probe = http?.probe ?? command.map(Probe.command)
    default: probe = nil
    }
    delay = try values.seconds(.delay, standard: 15)
    interval = try values.seconds(.interval, standard: 10)
    timeout = try values.seconds(.timeout, standard: 20)
    gracePeriod = try values.seconds(.gracePeriod, standard: 10)
    consecutiveFailures =
      values.contains(.consecutiveFailures) ? try values.integer(.consecutiveFailures) : 3
  }

  /// Encodes the proto's fields.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    switch probe {
    case .http(let target, let statuses):
      try values.encode(ProbeKind.http, forKey: .type)
      try values.encode(HTTPProbe(target, statuses: statuses), forKey: .http)
    case .tcp(let port, let isIPv6):
      try values.encode(ProbeKind.tcp, forKey: .type)
      try values.encode(TCPProbe(port: port, isIPv6: isIPv6), forKey: .tcp)
    case .command(let command):
      try values.encode(ProbeKind.command, forKey: .type)
      try values.encode(command, forKey: .command)
    case nil: break
    }
    try values.encode(seconds: delay, .delay)
    try values.encode(seconds: interval, .interval)
    try values.encode(seconds: timeout, .timeout)
    try values.encode(seconds: gracePeriod, .gracePeriod)
    try values.encode(consecutiveFailures, forKey: .consecutiveFailures)
  }
}

/// mesos.v1.CheckInfo (1.2 and later): a check whose result is only reported.
package struct CheckInfo: Sendable, Hashable {
  /// The request; nil if its type is unknown.
  package let probe: Probe?
  /// The time from the launch to the first check (15 s unless set).
  package let delay: Duration
  /// The time from one check to the next (10 s unless set).
  package let interval: Duration
  /// The longest time of one check (20 s unless set); zero for no limit.
  package let timeout: Duration

  /// A check.
  package init(
    probe: Probe?, delay: Duration = .seconds(15), interval: Duration = .seconds(10),
    timeout: Duration = .seconds(20)
  ) {
    self.probe = probe
    self.delay = delay
    self.interval = interval
    self.timeout = timeout
  }
}

extension CheckInfo: Codable {
  private enum CodingKeys: String, CodingKey {
    case type, command, http, tcp
    case delay = "delay_seconds"
    case interval = "interval_seconds"
    case timeout = "timeout_seconds"
  }

  private struct Command: Codable { let command: CommandInfo }

  /// Decodes an agent's message.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    switch try values.decodeIfPresent(ProbeKind.self, forKey: .type) {
    case .http: probe = try values.decodeIfPresent(HTTPProbe.self, forKey: .http)?.probe
    case .tcp:
      probe = try values.decodeIfPresent(TCPProbe.self, forKey: .tcp)?.probe
    case .command:
      probe = try values.decodeIfPresent(Command.self, forKey: .command).map {
        .command($0.command)
      }
    default: probe = nil
    }
    delay = try values.seconds(.delay, standard: 15)
    interval = try values.seconds(.interval, standard: 10)
    timeout = try values.seconds(.timeout, standard: 20)
  }

  /// Encodes the proto's fields.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    switch probe {
    case .http(let target, _):
      try values.encode(ProbeKind.http, forKey: .type)
      try values.encode(HTTPProbe(target, statuses: []), forKey: .http)
    case .tcp(let port, let isIPv6):
      try values.encode(ProbeKind.tcp, forKey: .type)
      try values.encode(TCPProbe(port: port, isIPv6: isIPv6), forKey: .tcp)
    case .command(let command):
      try values.encode(ProbeKind.command, forKey: .type)
      try values.encode(Command(command: command), forKey: .command)
    case nil: break
    }
    try values.encode(seconds: delay, .delay)
    try values.encode(seconds: interval, .interval)
    try values.encode(seconds: timeout, .timeout)
  }
}
