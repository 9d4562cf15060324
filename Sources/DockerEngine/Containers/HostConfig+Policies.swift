/// The action of the engine when a container exits (Engine API, "RestartPolicy").
public struct RestartPolicy: Sendable, Hashable, Codable {
  /// `no` (or empty), `always`, `unless-stopped` or `on-failure`.
  public var name: String
  /// How often `on-failure` retries. 0 is without limit.
  public var maximumRetryCount: Int?

  /// Creates a policy.
  public init(
    name: String, maximumRetryCount: Int? = nil
  ) {
    self.name = name
    self.maximumRetryCount = maximumRetryCount
  }

  enum CodingKeys: String, EngineKey { case name, maximumRetryCount }
}

/// The log driver of a container's output (Engine API, "HostConfig.LogConfig").
public struct LogConfig: Sendable, Hashable, Codable {
  /// The driver, such as `json-file`. Nil or empty is the engine's default.
  public var type: String?
  /// Options of the driver, such as `max-size`.
  public var config: [String: String]?

  /// Creates the settings of a log driver.
  public init(
    type: String? = nil, config: [String: String]? = nil
  ) {
    self.type = type
    self.config = config
  }

  enum CodingKeys: String, EngineKey { case type, config }
}

/// A port on the host (Engine API, "PortBinding").
public struct PortBinding: Sendable, Hashable, Codable {
  /// The address to listen on. Nil or empty is all addresses.
  public var hostIP: String?
  /// The port or a range. Nil or empty lets the engine choose.
  public var hostPort: String?

  /// Creates a binding to a port on the host.
  public init(
    hostIP: String? = nil, hostPort: String? = nil
  ) {
    self.hostIP = hostIP
    self.hostPort = hostPort
  }

  enum CodingKeys: String, EngineKey { case hostIP = "HostIp", hostPort }
}

/// The health check of a container (Engine API, "HealthConfig"). Times are in nanoseconds. 0 or nil
/// keeps the image's value or the default.
public struct Healthcheck: Sendable, Hashable, Codable {
  /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", command]`. An empty list keeps the image's test.
  public var test: [String]?
  /// Nanoseconds between checks, at least 1,000,000.
  public var interval: Int?
  /// The time limit of a check in nanoseconds.
  public var timeout: Int?
  /// The number of consecutive failures that make the container unhealthy.
  public var retries: Int?
  /// Nanoseconds after the start during which failures don't count.
  public var startPeriod: Int?
  /// Nanoseconds between checks during the start period (API 1.44).
  public var startInterval: Int?

  /// Creates a health check.
  public init(
    test: [String]? = nil, interval: Int? = nil, timeout: Int? = nil, retries: Int? = nil,
    startPeriod: Int? = nil, startInterval: Int? = nil
  ) {
    self.test = test
    self.interval = interval
    self.timeout = timeout
    self.retries = retries
    self.startPeriod = startPeriod
    self.startInterval = startInterval
  }

  enum CodingKeys: String, EngineKey {
    case test, interval, timeout, retries, startPeriod, startInterval
  }
}
