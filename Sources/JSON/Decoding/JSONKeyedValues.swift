/// The members of an object.
struct JSONKeyedValues<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: JSONValueDecoder
  let members: JSONMembers

  var codingPath: [any CodingKey] { decoder.codingPath }
  var allKeys: [Key] { members.all.compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { members.find(key.stringValue) != nil }

  func decodeNil(forKey key: Key) throws -> Bool { decoder.isNull(try find(key)) }

  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
    try decoder.bool(try find(key), key)
  }
  func decode(_ type: String.Type, forKey key: Key) throws -> String {
    try decoder.string(try find(key), key)
  }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
    try decoder.float(type, try find(key), key)
  }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
    try decoder.float(type, try find(key), key)
  }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
    try decoder.integer(type, try find(key), key)
  }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 {
    try decoder.integer(type, try find(key), key)
  }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 {
    try decoder.integer(type, try find(key), key)
  }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 {
    try decoder.integer(type, try find(key), key)
  }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
    try decoder.integer(type, try find(key), key)
  }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt {
    try decoder.integer(type, try find(key), key)
  }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 {
    try decoder.integer(type, try find(key), key)
  }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 {
    try decoder.integer(type, try find(key), key)
  }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 {
    try decoder.integer(type, try find(key), key)
  }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
    try decoder.integer(type, try find(key), key)
  }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try decoder.value(type, try find(key), key)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try decoder.inner(try find(key), key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder.inner(try find(key), key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { try superDecoder(SuperKey()) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try superDecoder(key) }

  private func superDecoder(_ key: any CodingKey) throws -> any Decoder {
    decoder.inner(try find(key), key)
  }

  /// The node of a member's value.
  private func find(_ key: any CodingKey) throws -> Int {
    if let index = members.find(key.stringValue) { return index }
    throw DecodingError.keyNotFound(
      key,
      decoder.context(
        nil, "No value associated with key \(key) (\"\(key.stringValue)\")."))
  }
}
