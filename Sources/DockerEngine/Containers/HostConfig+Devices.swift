/// A device of the host inside a container (Engine API, "DeviceMapping").
public struct DeviceMapping: Sendable, Hashable, Codable {
  /// The device on the host.
  public var pathOnHost: String
  /// Its path inside.
  public var pathInContainer: String
  /// What may be done with it: letters of `rwm`.
  public var cgroupPermissions: String

  /// A device.
  public init(
    pathOnHost: String, pathInContainer: String, cgroupPermissions: String
  ) {
    self.pathOnHost = pathOnHost
    self.pathInContainer = pathInContainer
    self.cgroupPermissions = cgroupPermissions
  }

  enum CodingKeys: String, EngineKey { case pathOnHost, pathInContainer, cgroupPermissions }
}

/// Devices that a driver provides (Engine API, "DeviceRequest").
public struct DeviceRequest: Sendable, Hashable, Codable {
  /// The driver, such as `nvidia`.
  public var driver: String?
  /// How many; -1 is all.
  public var count: Int?
  /// Which.
  public var deviceIDs: [String]?
  /// Capabilities: an OR list of AND lists, such as `[["gpu"]]`.
  public var capabilities: [[String]]?
  /// Options of the driver.
  public var options: [String: String]?

  /// A request; `count` and `deviceIDs` exclude each other.
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
  /// Its name, such as `nofile`.
  public var name: String
  /// The soft limit.
  public var soft: Int
  /// The hard limit.
  public var hard: Int

  /// A limit.
  public init(
    name: String, soft: Int, hard: Int
  ) {
    self.name = name
    self.soft = soft
    self.hard = hard
  }

  enum CodingKeys: String, EngineKey { case name, soft, hard }
}

/// Block I/O weight of a device (Engine API, "Resources.BlkioWeightDevice").
public struct DeviceWeight: Sendable, Hashable, Codable {
  /// The device on the host.
  public var path: String
  /// 10 to 1000.
  public var weight: Int

  /// A weight.
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
  /// Bytes or operations per second.
  public var rate: Int

  /// A limit.
  public init(
    path: String, rate: Int
  ) {
    self.path = path
    self.rate = rate
  }

  enum CodingKeys: String, EngineKey { case path, rate }
}
