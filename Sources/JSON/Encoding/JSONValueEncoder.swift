/// Encodes one value.
final class JSONValueEncoder: Encoder {
  let path: CodingPath?
  /// The result so far.
  var value: JSONValue?

  init(path: CodingPath?) {
    self.path = path
  }

  var codingPath: [any CodingKey] { CodingPath.keys(path) }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    // A class and its superclass can each request a container of the same object.
    guard case .object(let object) = value else {
      let object = JSONObject()
      value = .object(object)
      return KeyedEncodingContainer(JSONKeyedEncoding(object: object, path: path))
    }
    return KeyedEncodingContainer(JSONKeyedEncoding(object: object, path: path))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    guard case .array(let array) = value else {
      let array = JSONArray()
      value = .array(array)
      return JSONUnkeyedEncoding(array: array, path: path)
    }
    return JSONUnkeyedEncoding(array: array, path: path)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  /// Encodes a value inside another one.
  static func encoded(
    _ value: some Encodable, _ path: CodingPath?, _ key: any CodingKey
  ) throws -> JSONValue {
    let encoder = JSONValueEncoder(path: CodingPath(path, key))
    try value.encode(to: encoder)
    return encoder.value ?? .object(JSONObject())
  }

  /// A floating-point number; a whole number has no fraction.
  ///
  /// - Throws: `EncodingError` for infinity and NaN.
  static func number<T: BinaryFloatingPoint & CustomStringConvertible>(
    _ value: T, _ path: CodingPath?, _ key: (any CodingKey)?
  ) throws -> JSONValue {
    guard value.isFinite else {
      throw EncodingError.invalidValue(
        value,
        .init(
          codingPath: CodingPath.keys(path, key),
          debugDescription: "Unable to encode \(T.self).\(value) directly in JSON."))
    }
    let text = value.description
    return .number(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
  }
}
