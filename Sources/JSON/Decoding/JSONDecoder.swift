/// Decodes values from JSON, as Foundation's does, but strictly: what isn't a JSON text as a whole is refused, whatever of
/// it is used (docs/design.md, "JSON").
public final class JSONDecoder {
  /// What is done with infinite numbers and those that are none, which JSON doesn't have.
  public enum NonConformingFloatDecodingStrategy: Sendable {
    /// Strings are no numbers.
    case `throw`
    /// These strings are.
    case convertFromString(positiveInfinity: String, negativeInfinity: String, nan: String)
  }

  /// By default strings are no numbers.
  public var nonConformingFloatDecodingStrategy = NonConformingFloatDecodingStrategy.throw

  /// A decoder.
  public init() {}

  /// Decodes a value.
  /// - Parameters:
  ///   - type: Its type.
  ///   - json: The text, in UTF-8.
  /// - Returns: The value.
  /// - Throws: `DecodingError`, and what the type throws.
  public func decode<T: Decodable>(_ type: T.Type, from json: [UInt8]) throws -> T {
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

/// What all decoders of a text share.
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
