import Foundation

/// Any JSON value, as in calls and events.
package enum JSON: Sendable, Hashable, Codable {
  /// `null`
  case null
  /// `true` or `false`
  case bool(Bool)
  /// A number without a fraction.
  case integer(Int64)
  /// Any other number.
  case double(Double)
  /// Text.
  case string(String)
  /// A list.
  case array([JSON])
  /// An object. The order of its keys is lost.
  case object([String: JSON])

  /// Parses a text.
  ///
  /// - Throws: Foundation's error if it isn't JSON.
  package init(parsing bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(JSON.self, from: Data(bytes))
  }

  /// Decodes one value.
  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let bool = try? value.decode(Bool.self) {
      self = .bool(bool)
    } else if let integer = try? value.decode(Int64.self) {
      self = .integer(integer)
    } else if let double = try? value.decode(Double.self) {
      self = .double(double)
    } else if let string = try? value.decode(String.self) {
      self = .string(string)
    } else if let array = try? value.decode([JSON].self) {
      self = .array(array)
    } else {
      self = .object(try value.decode([String: JSON].self))
    }
  }

  /// Encodes one value.
  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .null: try value.encodeNil()
    case .bool(let bool): try value.encode(bool)
    case .integer(let integer): try value.encode(integer)
    case .double(let double): try value.encode(double)
    case .string(let string): try value.encode(string)
    case .array(let array): try value.encode(array)
    case .object(let object): try value.encode(object)
    }
  }

  /// The value as text, with sorted keys. A `/` is written as `\/`, as Mesos' stout does, and an
  /// infinite number as a bare `Infinity`.
  package var bytes: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let infinity = "Infinity \(UInt64.max)"
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: infinity, negativeInfinity: "-\(infinity)", nan: "NaN \(UInt64.max)")
    guard let data = try? encoder.encode(self) else { return [] }
    let text = String(decoding: data, as: UTF8.self)
    return Array(text.replacingOccurrences(of: "\"\(infinity)\"", with: "Infinity").utf8)
  }

  /// A member of an object. Nil if it doesn't exist or the value isn't an object.
  package subscript(key: String) -> JSON? {
    get {
      guard case .object(let members) = self else { return nil }
      return members[key]
    }
    set {
      guard case .object(var members) = self else { return }
      members[key] = newValue
      self = .object(members)
    }
  }

  /// The text of a string.
  package var string: String? { if case .string(let text) = self { text } else { nil } }

  /// The number of an integer.
  package var integer: Int64? { if case .integer(let number) = self { number } else { nil } }

  /// The number of an integer or a double.
  package var double: Double? {
    switch self {
    case .integer(let number): Double(number)
    case .double(let number): number
    default: nil
    }
  }

  /// The value of a boolean.
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The elements of a list.
  package var array: [JSON]? { if case .array(let elements) = self { elements } else { nil } }

  /// The members of an object.
  package var members: [String: JSON]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The `value` of an ID. Mesos wraps its IDs in objects.
  package var id: String? { self["value"]?.string }

  /// Creates an ID as Mesos wraps it.
  package static func id(_ text: String) -> JSON { ["value": .string(text)] }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// Creates a string.
  package init(stringLiteral value: String) { self = .string(value) }
  /// Creates an integer.
  package init(integerLiteral value: Int64) { self = .integer(value) }
  /// Creates a double.
  package init(floatLiteral value: Double) { self = .double(value) }
  /// Creates a boolean.
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Creates a list.
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// Creates an object. If two keys are equal, the last one takes precedence.
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
  }
}
