/// The details of a volume (Engine API, "Volume").
package struct VolumeDetails: Sendable, Decodable {
  /// The volume's name.
  package let name: String
  /// The driver.
  package let driver: String
  /// The location of the volume's files on the engine's host.
  package let mountpoint: String
  /// The time of creation, RFC 3339.
  package let createdAt: String
  /// Labels.
  package let labels: [String: String]

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    name = try fields.required("Name")
    driver = try fields["Driver"] ?? ""
    mountpoint = try fields["Mountpoint"] ?? ""
    createdAt = try fields["CreatedAt"] ?? ""
    labels = try fields["Labels"] ?? [:]
  }
}
