/// A device of the host in a container (Engine API, "DeviceMapping").
package struct DeviceMapping: Sendable, Hashable, Codable {
  /// The device on the host.
  package var pathOnHost: String
  /// The device's path in the container.
  package var pathInContainer: String
  /// The permitted operations: letters of `rwm`.
  package var cgroupPermissions: String

  /// Creates a device mapping.
  package init(
    pathOnHost: String, pathInContainer: String, cgroupPermissions: String
  ) {
    self.pathOnHost = pathOnHost
    self.pathInContainer = pathInContainer
    self.cgroupPermissions = cgroupPermissions
  }

  enum CodingKeys: String, EngineKey { case pathOnHost, pathInContainer, cgroupPermissions }
}

/// A request for devices that a driver provides (Engine API, "DeviceRequest").
package struct DeviceRequest: Sendable, Hashable, Codable {
  /// The driver, such as `nvidia`.
  package var driver: String?
  /// The number of devices. -1 is all.
  package var count: Int?
  /// The IDs of the devices.
  package var deviceIDs: [String]?
  /// Capabilities, such as `[["gpu"]]`: at least one inner list must match in full.
  package var capabilities: [[String]]?
  /// Options of the driver.
  package var options: [String: String]?

  /// Creates a request. `count` and `deviceIDs` are mutually exclusive.
  package init(
    driver: String? = nil, count: Int? = nil, deviceIDs: [String]? = nil,
    capabilities: [[String]]? = nil, options: [String: String]? = nil
  ) {
    self.driver = driver
    self.count = count
    self.deviceIDs = deviceIDs
    self.capabilities = capabilities
    self.options = options
  }

  enum CodingKeys: String, EngineKey { case driver, count, deviceIDs, capabilities, options }
}

/// A resource limit of a process (Engine API, "Resources.Ulimits").
package struct Ulimit: Sendable, Hashable, Codable {
  /// The name of the limit, such as `nofile`.
  package var name: String
  /// The soft limit.
  package var soft: Int
  /// The hard limit.
  package var hard: Int

  /// Creates a limit.
  package init(
    name: String, soft: Int, hard: Int
  ) {
    self.name = name
    self.soft = soft
    self.hard = hard
  }

  enum CodingKeys: String, EngineKey { case name, soft, hard }
}

/// The block I/O weight of a device (Engine API, "Resources.BlkioWeightDevice").
package struct DeviceWeight: Sendable, Hashable, Codable {
  /// The device on the host.
  package var path: String
  /// The weight, 10 to 1000.
  package var weight: Int

  /// Creates a weight.
  package init(
    path: String, weight: Int
  ) {
    self.path = path
    self.weight = weight
  }

  enum CodingKeys: String, EngineKey { case path, weight }
}

/// A block I/O limit of a device (Engine API, "ThrottleDevice").
package struct DeviceRate: Sendable, Hashable, Codable {
  /// The device on the host.
  package var path: String
  /// The limit in bytes or operations per second.
  package var rate: Int

  /// Creates a limit.
  package init(
    path: String, rate: Int
  ) {
    self.path = path
    self.rate = rate
  }

  enum CodingKeys: String, EngineKey { case path, rate }
}
