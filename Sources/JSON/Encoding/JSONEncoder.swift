/// Encodes values as JSON, byte for byte like Foundation's encoder; without `sortedKeys`, members
/// are in the order in which they are encoded.
public final class JSONEncoder {
  /// The format of the text.
  public struct OutputFormatting: OptionSet, Sendable {
    /// The options as bits.
    public let rawValue: UInt
    /// Creates options from bits.
    public init(rawValue: UInt) { self.rawValue = rawValue }

    /// Several lines, indented by two spaces.
    public static let prettyPrinted = OutputFormatting(rawValue: 1 << 0)
    /// Members sorted by the bytes of their names.
    public static let sortedKeys = OutputFormatting(rawValue: 1 << 1)
    /// Slashes are not escaped as `\/`.
    public static let withoutEscapingSlashes = OutputFormatting(rawValue: 1 << 2)
  }

  /// By default, the text is one line with escaped slashes.
  public var outputFormatting: OutputFormatting = []

  /// Creates an encoder with the default format.
  public init() {}

  /// Encodes a value.
  /// - Parameter value: The value.
  /// - Returns: The text, in UTF-8.
  /// - Throws: `EncodingError`, and errors of the value's own encoding.
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
