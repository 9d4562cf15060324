/// The configuration of a new volume (Engine API, "VolumeCreateOptions").
public struct VolumeCreate: Sendable, Equatable, Encodable {
  /// The volume's name. Nil lets the engine choose one.
  public var name: String?
  /// The driver. Nil is `local`.
  public var driver: String?
  /// Options of the driver.
  public var driverOpts: [String: String]?
  /// Labels.
  public var labels: [String: String]?

  /// Creates a configuration.
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
