/// The details of a volume (Engine API, "Volume").
public struct VolumeDetails: Sendable, Decodable {
  /// The volume's name.
  public let name: String
  /// The driver.
  public let driver: String
  /// The location of the volume's files on the engine's host.
  public let mountpoint: String
  /// The time of creation, RFC 3339.
  public let createdAt: String
  /// Labels.
  public let labels: [String: String]

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    name = try fields.required("Name")
    driver = try fields["Driver"] ?? ""
    mountpoint = try fields["Mountpoint"] ?? ""
    createdAt = try fields["CreatedAt"] ?? ""
    labels = try fields["Labels"] ?? [:]
  }
}
