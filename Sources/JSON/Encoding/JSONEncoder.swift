/// Encodes values as JSON, byte for byte like Foundation's encoder; without `sortedKeys`, members
/// are in the order in which they are encoded.
package final class JSONEncoder {
  /// The format of the text.
  package struct OutputFormatting: OptionSet, Sendable {
    /// The options as bits.
    package let rawValue: UInt
    /// Creates options from bits.
    package init(rawValue: UInt) { self.rawValue = rawValue }

    /// Several lines, indented by two spaces.
    package static let prettyPrinted = OutputFormatting(rawValue: 1 << 0)
    /// Members sorted by the bytes of their names.
    package static let sortedKeys = OutputFormatting(rawValue: 1 << 1)
    /// Slashes are not escaped as `\/`.
    package static let withoutEscapingSlashes = OutputFormatting(rawValue: 1 << 2)
  }

  /// By default, the text is one line with escaped slashes.
  package var outputFormatting: OutputFormatting = []

  /// Creates an encoder with the default format.
  package init() {}

  /// Encodes a value.
  /// - Parameter value: The value.
  /// - Returns: The text, in UTF-8.
  /// - Throws: `EncodingError`, and errors of the value's own encoding.
  package func encode(_ value: some Encodable) throws -> [UInt8] {
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
