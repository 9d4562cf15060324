/// The action of the engine when a container exits (Engine API, "RestartPolicy").
package struct RestartPolicy: Sendable, Hashable, Codable {
  /// `no` (or empty), `always`, `unless-stopped` or `on-failure`.
  package var name: String
  /// How often `on-failure` retries. 0 is without limit.
  package var maximumRetryCount: Int?

  /// Creates a policy.
  package init(
    name: String, maximumRetryCount: Int? = nil
  ) {
    self.name = name
    self.maximumRetryCount = maximumRetryCount
  }

  enum CodingKeys: String, EngineKey { case name, maximumRetryCount }
}

/// The log driver of a container's output (Engine API, "HostConfig.LogConfig").
package struct LogConfig: Sendable, Hashable, Codable {
  /// The driver, such as `json-file`. Nil or empty is the engine's default.
  package var type: String?
  /// Options of the driver, such as `max-size`.
  package var config: [String: String]?

  /// Creates the settings of a log driver.
  package init(
    type: String? = nil, config: [String: String]? = nil
  ) {
    self.type = type
    self.config = config
  }

  enum CodingKeys: String, EngineKey { case type, config }
}

/// A port on the host (Engine API, "PortBinding").
package struct PortBinding: Sendable, Hashable, Codable {
  /// The address to listen on. Nil or empty is all addresses.
  package var hostIP: String?
  /// The port or a range. Nil or empty lets the engine choose.
  package var hostPort: String?

  /// Creates a binding to a port on the host.
  package init(
    hostIP: String? = nil, hostPort: String? = nil
  ) {
    self.hostIP = hostIP
    self.hostPort = hostPort
  }

  enum CodingKeys: String, EngineKey { case hostIP = "HostIp", hostPort }
}

/// The health check of a container (Engine API, "HealthConfig"). Times are in nanoseconds. 0 or nil
/// keeps the image's value or the default.
package struct Healthcheck: Sendable, Hashable, Codable {
  /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", command]`. An empty list keeps the image's test.
  package var test: [String]?
  /// Nanoseconds between checks, at least 1,000,000.
  package var interval: Int?
  /// The time limit of a check in nanoseconds.
  package var timeout: Int?
  /// The number of consecutive failures that make the container unhealthy.
  package var retries: Int?
  /// Nanoseconds after the start during which failures don't count.
  package var startPeriod: Int?
  /// Nanoseconds between checks during the start period (API 1.44).
  package var startInterval: Int?

  /// Creates a health check.
  package init(
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
