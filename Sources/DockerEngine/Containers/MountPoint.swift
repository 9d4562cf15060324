/// A mount of a container (Engine API, "MountPoint").
package struct MountPoint: Sendable, Decodable {
  /// The type, such as `bind`, `volume` or `tmpfs`.
  package let type: String
  /// The name of the volume.
  package let name: String?
  /// The path in the container.
  package let destination: String
  /// Whether the mount is writable.
  package let rw: Bool

  /// Decodes the engine's JSON. A missing or null `RW` means writable; other such fields get their
  /// empty value.
  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    type = try fields["Type"] ?? ""
    name = try fields["Name"]
    destination = try fields["Destination"] ?? ""
    rw = try fields["RW"] ?? true
  }
}
