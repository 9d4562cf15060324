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

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    type = try fields["Type"] ?? ""
    name = try fields["Name"]
    source = try fields["Source"] ?? ""
    destination = try fields["Destination"] ?? ""
    driver = try fields["Driver"]
    mode = try fields["Mode"] ?? ""
    rw = try fields["RW"] ?? true
    propagation = try fields["Propagation"] ?? ""
  }
}
