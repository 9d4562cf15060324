/// What to create a volume from (Engine API, "VolumeCreateOptions").
public struct VolumeCreate: Sendable, Equatable, Encodable {
  /// Its name; nil lets the engine make one up.
  public var name: String?
  /// The driver; nil is `local`.
  public var driver: String?
  /// Options of the driver.
  public var driverOpts: [String: String]?
  /// Labels.
  public var labels: [String: String]?

  /// A volume.
  public init(
    name: String? = nil, driver: String? = nil, driverOpts: [String: String]? = nil,
    labels: [String: String]? = nil
  ) {
    self.name = name
    self.driver = driver
    self.driverOpts = driverOpts
    self.labels = labels
  }

  package enum CodingKeys: String, EngineKey, CaseIterable { case name, driver, driverOpts, labels }
}
