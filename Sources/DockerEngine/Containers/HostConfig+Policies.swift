/// What the engine does when a container ends (Engine API, "RestartPolicy").
public struct RestartPolicy: Sendable, Hashable, Codable {
  /// `no` (or empty), `always`, `unless-stopped` or `on-failure`.
  public var name: String
  /// How often `on-failure` tries again; 0 is without end.
  public var maximumRetryCount: Int?

  /// A policy.
  public init(
    name: String, maximumRetryCount: Int? = nil
  ) {
    self.name = name
    self.maximumRetryCount = maximumRetryCount
  }

  enum CodingKeys: String, EngineKey { case name, maximumRetryCount }
}

/// Where a container's output is kept (Engine API, "HostConfig.LogConfig").
public struct LogConfig: Sendable, Hashable, Codable {
  /// The driver, such as `json-file`; nil or empty is the engine's default.
  public var type: String?
  /// Options of the driver, such as `max-size`.
  public var config: [String: String]?

  /// A log driver.
  public init(
    type: String? = nil, config: [String: String]? = nil
  ) {
    self.type = type
    self.config = config
  }

  enum CodingKeys: String, EngineKey { case type, config }
}

/// A port of the host (Engine API, "PortBinding").
public struct PortBinding: Sendable, Hashable, Codable {
  /// The address to listen on; nil or empty is all.
  public var hostIP: String?
  /// The port, or a range; nil or empty lets the engine choose.
  public var hostPort: String?

  /// A port of the host.
  public init(
    hostIP: String? = nil, hostPort: String? = nil
  ) {
    self.hostIP = hostIP
    self.hostPort = hostPort
  }

  enum CodingKeys: String, EngineKey { case hostIP = "HostIp", hostPort }
}

/// How the engine checks a container's health (Engine API, "HealthConfig"). Times are nanoseconds; 0 or nil keeps the image's or the default.
public struct Healthcheck: Sendable, Hashable, Codable {
  /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", command]`; empty keeps the image's.
  public var test: [String]?
  /// Nanoseconds between checks, at least a million.
  public var interval: Int?
  /// Nanoseconds that a check may take.
  public var timeout: Int?
  /// Failures in a row that make the container unhealthy.
  public var retries: Int?
  /// Nanoseconds during which failures don't count.
  public var startPeriod: Int?
  /// Nanoseconds between checks during the start period (API 1.44).
  public var startInterval: Int?

  /// A health check.
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
