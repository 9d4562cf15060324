/// Encoding of a single value.
extension JSONValueEncoder: SingleValueEncodingContainer {
  func encodeNil() { value = .null }
  func encode(_ value: Bool) { self.value = .bool(value) }
  func encode(_ value: String) { self.value = .string(value) }
  func encode(_ value: Double) throws { self.value = try Self.number(value, path, nil) }
  func encode(_ value: Float) throws { self.value = try Self.number(value, path, nil) }
  func encode(_ value: Int) { self.value = .number(String(value)) }
  func encode(_ value: Int8) { self.value = .number(String(value)) }
  func encode(_ value: Int16) { self.value = .number(String(value)) }
  func encode(_ value: Int32) { self.value = .number(String(value)) }
  func encode(_ value: Int64) { self.value = .number(String(value)) }
  func encode(_ value: UInt) { self.value = .number(String(value)) }
  func encode(_ value: UInt8) { self.value = .number(String(value)) }
  func encode(_ value: UInt16) { self.value = .number(String(value)) }
  func encode(_ value: UInt32) { self.value = .number(String(value)) }
  func encode(_ value: UInt64) { self.value = .number(String(value)) }
  func encode(_ value: some Encodable) throws { try value.encode(to: self) }
}
