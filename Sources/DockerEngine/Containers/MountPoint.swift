/// Something mounted in a container (Engine API, "MountPoint").
public struct MountPoint: Sendable, Decodable {
  /// `bind`, `volume`, `tmpfs`, …
  public let type: String
  /// The volume's name.
  public let name: String?
  /// The path inside.
  public let destination: String
  /// Whether it is writable.
  public let rw: Bool

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    type = try fields["Type"] ?? ""
    name = try fields["Name"]
    destination = try fields["Destination"] ?? ""
    rw = try fields["RW"] ?? true
  }
}
