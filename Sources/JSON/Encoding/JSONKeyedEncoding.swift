/// The members of an object during encoding.
struct JSONKeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let object: JSONObject
  let path: CodingPath?

  var codingPath: [any CodingKey] { CodingPath.keys(path) }

  func encodeNil(forKey key: Key) { object[key.stringValue] = .null }
  func encode(_ value: Bool, forKey key: Key) { object[key.stringValue] = .bool(value) }
  func encode(_ value: String, forKey key: Key) { object[key.stringValue] = .string(value) }
  func encode(_ value: Double, forKey key: Key) throws {
    object[key.stringValue] = try JSONValueEncoder.number(value, path, key)
  }
  func encode(_ value: Float, forKey key: Key) throws {
    object[key.stringValue] = try JSONValueEncoder.number(value, path, key)
  }
  func encode(_ value: Int, forKey key: Key) { object[key.stringValue] = .number(String(value)) }
  func encode(_ value: Int8, forKey key: Key) { object[key.stringValue] = .number(String(value)) }
  func encode(_ value: Int16, forKey key: Key) { object[key.stringValue] = .number(String(value)) }
  func encode(_ value: Int32, forKey key: Key) { object[key.stringValue] = .number(String(value)) }
  func encode(_ value: Int64, forKey key: Key) { object[key.stringValue] = .number(String(value)) }
  func encode(_ value: UInt, forKey key: Key) { object[key.stringValue] = .number(String(value)) }
  func encode(_ value: UInt8, forKey key: Key) { object[key.stringValue] = .number(String(value)) }
  func encode(_ value: UInt16, forKey key: Key) { object[key.stringValue] = .number(String(value)) }
  func encode(_ value: UInt32, forKey key: Key) { object[key.stringValue] = .number(String(value)) }
  func encode(_ value: UInt64, forKey key: Key) { object[key.stringValue] = .number(String(value)) }
  func encode(_ value: some Encodable, forKey key: Key) throws {
    object[key.stringValue] = try JSONValueEncoder.encoded(value, path, key)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type, forKey key: Key
  ) -> KeyedEncodingContainer<NestedKey> {
    inner(key).container(keyedBy: keyType)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    inner(key).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { inner(SuperKey()) }
  func superEncoder(forKey key: Key) -> any Encoder { inner(key) }

  private func inner(_ key: any CodingKey) -> JSONValueEncoder {
    let encoder = JSONValueEncoder(path: CodingPath(path, key))
    object[key.stringValue] = .pending(encoder)
    return encoder
  }
}
