/// An integer in any form that an agent writes: a number, a number with a zero fraction, or a
/// string.
struct LenientInteger<Value: FixedWidthInteger & Codable & Sendable>: Codable, Sendable {
  let value: Value

  init(_ value: Value) {
    self.value = value
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Value.self) {
      self.value = value
    } else if let double = try? container.decode(Double.self), let value = Value(exactly: double) {
      self.value = value
    } else if let text = try? container.decode(String.self), let value = Value(text) {
      self.value = value
    } else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "not a whole number that fits \(Value.self)")
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}

/// `{"value": x}`, the encoding of Value.Scalar.
struct Scalar: Codable, Sendable {
  let value: Double
}

extension KeyedDecodingContainer {
  /// A repeated field; empty where it is absent or null.
  func list<Element: Decodable>(_ key: Key) throws -> [Element] {
    try decodeIfPresent([Element].self, forKey: key) ?? []
  }

  /// An integer in any form of `LenientInteger`.
  func integer<Value: FixedWidthInteger & Codable & Sendable>(
    _ key: Key, as type: Value.Type = Value.self
  ) throws -> Value {
    try decode(LenientInteger<Value>.self, forKey: key).value
  }

  /// A duration from a number of seconds; `standard` is the proto's default.
  func seconds(_ key: Key, standard: Double) throws -> Duration {
    .init(mesosSeconds: try decodeIfPresent(Double.self, forKey: key) ?? standard)
  }
}

extension KeyedEncodingContainer {
  /// A repeated field; an empty one is omitted, as in Mesos.
  mutating func encode<Element: Encodable>(list: [Element], _ key: Key) throws {
    if !list.isEmpty { try encode(list, forKey: key) }
  }

  /// A duration as a number of seconds.
  mutating func encode(seconds: Duration, _ key: Key) throws {
    try encode(seconds.mesosSeconds, forKey: key)
  }
}

extension Duration {
  /// A duration from a message's number of seconds, limited to 0 through 1e9. Larger numbers mean
  /// "never" and would overflow.
  init(mesosSeconds seconds: Double) {
    self = .seconds(seconds.isNaN ? 0 : min(max(seconds, 0), 1e9))
  }

  var mesosSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
