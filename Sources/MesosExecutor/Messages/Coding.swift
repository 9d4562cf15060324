/// A whole number as an agent may write it: as a number, with a fraction of zero, or as a string.
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

/// `{"value": x}`, as Value.Scalar is written.
struct Scalar: Codable, Sendable {
  let value: Double
}

extension KeyedDecodingContainer {
  /// A repeated field; absent and null are empty.
  func list<Element: Decodable>(_ key: Key) throws -> [Element] {
    try decodeIfPresent([Element].self, forKey: key) ?? []
  }

  /// A whole number, in whichever way it is written.
  func integer<Value: FixedWidthInteger & Codable & Sendable>(
    _ key: Key, as type: Value.Type = Value.self
  ) throws -> Value {
    try decode(LenientInteger<Value>.self, forKey: key).value
  }

  /// A length of time in (fractions of) seconds; `standard` is the proto's default.
  func seconds(_ key: Key, standard: Double) throws -> Duration {
    .init(mesosSeconds: try decodeIfPresent(Double.self, forKey: key) ?? standard)
  }
}

extension KeyedEncodingContainer {
  /// A repeated field; an empty one is left out, as Mesos does.
  mutating func encode<Element: Encodable>(list: [Element], _ key: Key) throws {
    if !list.isEmpty { try encode(list, forKey: key) }
  }

  /// A length of time in seconds.
  mutating func encode(seconds: Duration, _ key: Key) throws {
    try encode(seconds.mesosSeconds, forKey: key)
  }
}

extension Duration {
  /// Seconds from a message, from 0 to about thirty years: what is beyond means "never", and would not fit.
  init(mesosSeconds seconds: Double) {
    self = .seconds(seconds.isNaN ? 0 : min(max(seconds, 0), 1e9))
  }

  var mesosSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
