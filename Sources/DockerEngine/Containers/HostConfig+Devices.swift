/// A device of the host in a container (Engine API, "DeviceMapping").
public struct DeviceMapping: Sendable, Hashable, Codable {
  /// The device on the host.
  public var pathOnHost: String
  /// The device's path in the container.
  public var pathInContainer: String
  /// The permitted operations: letters of `rwm`.
  public var cgroupPermissions: String

  /// Creates a device mapping.
  public init(
    pathOnHost: String, pathInContainer: String, cgroupPermissions: String
  ) {
    self.pathOnHost = pathOnHost
    self.pathInContainer = pathInContainer
    self.cgroupPermissions = cgroupPermissions
  }

  enum CodingKeys: String, EngineKey { case pathOnHost, pathInContainer, cgroupPermissions }
}

/// A request for devices that a driver provides (Engine API, "DeviceRequest").
public struct DeviceRequest: Sendable, Hashable, Codable {
  /// The driver, such as `nvidia`.
  public var driver: String?
  /// The number of devices. -1 is all.
  public var count: Int?
  /// The IDs of the devices.
  public var deviceIDs: [String]?
  /// Capabilities, such as `[["gpu"]]`: at least one inner list must match in full.
  public var capabilities: [[String]]?
  /// Options of the driver.
  public var options: [String: String]?

  /// Creates a request. `count` and `deviceIDs` are mutually exclusive.
  public init(
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
public struct Ulimit: Sendable, Hashable, Codable {
  /// The name of the limit, such as `nofile`.
  public var name: String
  /// The soft limit.
  public var soft: Int
  /// The hard limit.
  public var hard: Int

  /// Creates a limit.
  public init(
    name: String, soft: Int, hard: Int
  ) {
    self.name = name
    self.soft = soft
    self.hard = hard
  }

  enum CodingKeys: String, EngineKey { case name, soft, hard }
}

/// The block I/O weight of a device (Engine API, "Resources.BlkioWeightDevice").
public struct DeviceWeight: Sendable, Hashable, Codable {
  /// The device on the host.
  public var path: String
  /// The weight, 10 to 1000.
  public var weight: Int

  /// Creates a weight.
  public init(
    path: String, weight: Int
  ) {
    self.path = path
    self.weight = weight
  }

  enum CodingKeys: String, EngineKey { case path, weight }
}

/// A block I/O limit of a device (Engine API, "ThrottleDevice").
public struct DeviceRate: Sendable, Hashable, Codable {
  /// The device on the host.
  public var path: String
  /// The limit in bytes or operations per second.
  public var rate: Int

  /// Creates a limit.
  public init(
    path: String, rate: Int
  ) {
    self.path = path
    self.rate = rate
  }

  enum CodingKeys: String, EngineKey { case path, rate }
}
