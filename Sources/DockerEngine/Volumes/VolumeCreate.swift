/// The configuration of a new volume (Engine API, "VolumeCreateOptions").
package struct VolumeCreate: Sendable, Equatable, Encodable {
  /// The volume's name. Nil lets the engine choose one.
  package var name: String?
  /// The driver. Nil is `local`.
  package var driver: String?
  /// Options of the driver.
  package var driverOpts: [String: String]?
  /// Labels.
  package var labels: [String: String]?

  /// Creates a configuration.
  package init(
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
