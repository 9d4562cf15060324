/// Decodes values from JSON like Foundation's decoder, but strictly: it refuses a text that isn't
/// valid JSON as a whole, even if only a valid part of it is decoded (docs/design.md, "JSON").
package final class JSONDecoder {
  /// The handling of infinity and NaN, which JSON numbers can't represent.
  package enum NonConformingFloatDecodingStrategy: Sendable {
    /// Strings aren't decoded as numbers.
    case `throw`
    /// These strings are decoded as numbers.
    case convertFromString(positiveInfinity: String, negativeInfinity: String, nan: String)
  }

  /// The default refuses strings as numbers.
  package var nonConformingFloatDecodingStrategy = NonConformingFloatDecodingStrategy.throw

  /// Creates a decoder with the default strategy.
  package init() {}

  /// Decodes a value.
  /// - Parameters:
  ///   - type: The type of the value.
  ///   - json: The text, in UTF-8.
  /// - Returns: The value.
  /// - Throws: `DecodingError`, and errors of the type's own decoding.
  package func decode<T: Decodable>(_ type: T.Type, from json: [UInt8]) throws -> T {
    let document: JSONDocument
    do {
      document = try JSONDocument(json)
    } catch {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: [], debugDescription: "The given data was not valid JSON: \(error)"))
    }
    let source = JSONSource(document, nonConformingFloatDecodingStrategy)
    return try JSONValueDecoder(source: source, path: nil, index: 0).decode(type)
  }
}

/// The data that all decoders of a text share.
final class JSONSource: Sendable {
  let document: JSONDocument
  let strategy: JSONDecoder.NonConformingFloatDecodingStrategy

  init(
    _ document: JSONDocument, _ strategy: JSONDecoder.NonConformingFloatDecodingStrategy
  ) {
    self.document = document
    self.strategy = strategy
  }
}
