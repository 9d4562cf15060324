/// A key in the JSON of the Engine API: the case's name in PascalCase, or its raw value, as in
/// `case ipam = "IPAM"`.
///
/// A key strategy of the coders would have the same result, but decoding a response would take
/// about a fifth longer, and encoding a request would suffer more.
package protocol EngineKey: CodingKey, RawRepresentable where RawValue == String {}

extension EngineKey {
  package var stringValue: String {
    let name = rawValue.utf8
    guard let first = name.first, UInt8(ascii: "a")...UInt8(ascii: "z") ~= first else {
      return rawValue
    }
    return String(unsafeUninitializedCapacity: name.count) { bytes in
      _ = bytes.initialize(from: name)
      bytes[0] = first - 32
      return name.count
    }
  }

  package init?(stringValue: String) {
    guard
      let key = Self(rawValue: stringValue)
        ?? Self(rawValue: stringValue.prefix(1).lowercased() + stringValue.dropFirst())
    else { return nil }
    self = key
  }

  package var intValue: Int? { nil }
  package init?(intValue: Int) { nil }
}

/// Reads the fields of an object that the engine sent.
struct EngineFields {
  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  private let object: KeyedDecodingContainer<Name>

  init(_ decoder: any Decoder) throws { object = try decoder.container(keyedBy: Name.self) }

  /// A field. Nil if it is missing or null (Go encodes an empty list as null).
  subscript<Value: Decodable>(name: String) -> Value? {
    get throws { try object.decodeIfPresent(Value.self, forKey: Name(name)) }
  }

  /// A field that the engine always sends.
  func required<Value: Decodable>(_ name: String) throws -> Value {
    try object.decode(Value.self, forKey: Name(name))
  }
}
