/// Encodes values as JSON, byte for byte as Foundation's does; without `sortedKeys`, members are in the order in which they
/// are encoded.
public final class JSONEncoder {
  /// How the text is written.
  public struct OutputFormatting: OptionSet, Sendable {
    /// The options' bits.
    public let rawValue: UInt
    /// Options of bits.
    public init(rawValue: UInt) { self.rawValue = rawValue }

    /// Lines, indented by two blanks.
    public static let prettyPrinted = OutputFormatting(rawValue: 1 << 0)
    /// Members in the order of their names' bytes.
    public static let sortedKeys = OutputFormatting(rawValue: 1 << 1)
    /// Slashes as they are, not as `\/`.
    public static let withoutEscapingSlashes = OutputFormatting(rawValue: 1 << 2)
  }

  /// By default one line in which slashes are escaped.
  public var outputFormatting: OutputFormatting = []

  /// An encoder.
  public init() {}

  /// Encodes a value.
  /// - Parameter value: The value.
  /// - Returns: The text, in UTF-8.
  /// - Throws: `EncodingError`, and what the value throws.
  public func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONValueEncoder(path: nil)
    try value.encode(to: encoder)
    guard let encoded = encoder.value else {
      throw EncodingError.invalidValue(
        value,
        .init(
          codingPath: [],
          debugDescription: "Top-level \(type(of: value)) did not encode any values."))
    }
    var writer = JSONWriter(formatting: outputFormatting)
    writer.write(encoded)
    return writer.bytes
  }
}
