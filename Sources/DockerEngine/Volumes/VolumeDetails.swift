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

  enum CodingKeys: String, CodingKey {
    case name = "Name"
    case driver = "Driver"
    case mountpoint = "Mountpoint"
    case createdAt = "CreatedAt"
    case scope = "Scope"
    case options = "Options"
    case labels = "Labels"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    name = try fields.decode(String.self, forKey: .name)
    driver = try fields.value(.driver, default: "")
    mountpoint = try fields.value(.mountpoint, default: "")
    createdAt = try fields.value(.createdAt, default: "")
    scope = try fields.value(.scope, default: "")
    options = try fields.value(.options, default: [:])
    labels = try fields.value(.labels, default: [:])
  }
}
