/// Something mounted in a container (Engine API, "MountPoint").
public struct MountPoint: Sendable, Decodable {
  /// `bind`, `volume`, `tmpfs`, …
  public let type: String
  /// The volume's name.
  public let name: String?
  /// The path on the host.
  public let source: String
  /// The path inside.
  public let destination: String
  /// The volume's driver.
  public let driver: String?
  /// Options as they were asked for.
  public let mode: String
  /// Whether it is writable.
  public let rw: Bool
  /// How mounts below it spread.
  public let propagation: String

  enum CodingKeys: String, CodingKey {
    case type = "Type"
    case name = "Name"
    case source = "Source"
    case destination = "Destination"
    case driver = "Driver"
    case mode = "Mode"
    case rw = "RW"
    case propagation = "Propagation"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    type = try fields.value(.type, default: "")
    name = try fields.decodeIfPresent(String.self, forKey: .name)
    source = try fields.value(.source, default: "")
    destination = try fields.value(.destination, default: "")
    driver = try fields.decodeIfPresent(String.self, forKey: .driver)
    mode = try fields.value(.mode, default: "")
    rw = try fields.value(.rw, default: true)
    propagation = try fields.value(.propagation, default: "")
  }
}
