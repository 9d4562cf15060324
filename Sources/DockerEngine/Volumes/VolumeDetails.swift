/// A volume (Engine API, "Volume").
public struct VolumeDetails: Sendable, Decodable {
  /// Its name.
  public let name: String
  /// The driver.
  public let driver: String
  /// Where its files are, on the engine's host.
  public let mountpoint: String
  /// When it was created, RFC 3339.
  public let createdAt: String
  /// Labels.
  public let labels: [String: String]

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    name = try fields.required("Name")
    driver = try fields["Driver"] ?? ""
    mountpoint = try fields["Mountpoint"] ?? ""
    createdAt = try fields["CreatedAt"] ?? ""
    labels = try fields["Labels"] ?? [:]
  }
}
