/// The elements of an array during encoding.
struct JSONUnkeyedEncoding: UnkeyedEncodingContainer {
  let array: JSONArray
  let path: CodingPath?

  var codingPath: [any CodingKey] { CodingPath.keys(path) }
  var count: Int { array.elements.count }

  func encodeNil() { array.elements.append(.null) }
  func encode(_ value: Bool) { array.elements.append(.bool(value)) }
  func encode(_ value: String) { array.elements.append(.string(value)) }
  func encode(_ value: Double) throws {
    array.elements.append(try JSONValueEncoder.number(value, path, IndexKey(count)))
  }
  func encode(_ value: Float) throws {
    array.elements.append(try JSONValueEncoder.number(value, path, IndexKey(count)))
  }
  func encode(_ value: Int) { array.elements.append(.number(String(value))) }
  func encode(_ value: Int8) { array.elements.append(.number(String(value))) }
  func encode(_ value: Int16) { array.elements.append(.number(String(value))) }
  func encode(_ value: Int32) { array.elements.append(.number(String(value))) }
  func encode(_ value: Int64) { array.elements.append(.number(String(value))) }
  func encode(_ value: UInt) { array.elements.append(.number(String(value))) }
  func encode(_ value: UInt8) { array.elements.append(.number(String(value))) }
  func encode(_ value: UInt16) { array.elements.append(.number(String(value))) }
  func encode(_ value: UInt32) { array.elements.append(.number(String(value))) }
  func encode(_ value: UInt64) { array.elements.append(.number(String(value))) }
  func encode(_ value: some Encodable) throws {
    array.elements.append(try JSONValueEncoder.encoded(value, path, IndexKey(count)))
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type
  ) -> KeyedEncodingContainer<NestedKey> {
    inner().container(keyedBy: keyType)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { inner().unkeyedContainer() }
  func superEncoder() -> any Encoder { inner() }

  private func inner() -> JSONValueEncoder {
    let encoder = JSONValueEncoder(path: CodingPath(path, IndexKey(count)))
    array.elements.append(.pending(encoder))
    return encoder
  }
}
