/// A volume (Engine API, "Volume").
public struct VolumeDetails: Sendable, Decodable {
  /// Its name.
  public let name: String
  /// The driver.
  public let driver: String
  /// Its path on the host.
  public let mountpoint: String
  /// When it was created, RFC 3339.
  public let createdAt: String
  /// `local` or `global`.
  public let scope: String
  /// Options of the driver.
  public let options: [String: String]
  /// Labels.
  public let labels: [String: String]

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    name = try fields.required("Name")
    driver = try fields["Driver"] ?? ""
    mountpoint = try fields["Mountpoint"] ?? ""
    createdAt = try fields["CreatedAt"] ?? ""
    scope = try fields["Scope"] ?? ""
    options = try fields["Options"] ?? [:]
    labels = try fields["Labels"] ?? [:]
  }
}
