import Foundation
import JSON

/// Any JSON value, decoded and encoded with the containers of a coder.
enum AnyValue: Codable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  case unsigned(UInt64)
  case double(Double)
  case string(String)
  case array([AnyValue])
  case object([String: AnyValue])

  init(from decoder: any Decoder) throws {
    if var elements = try? decoder.unkeyedContainer() {
      var array: [AnyValue] = []
      while !elements.isAtEnd { array.append(try elements.decode(AnyValue.self)) }
      self = .array(array)
      return
    }
    let single = try decoder.singleValueContainer()
    if single.decodeNil() {
      self = .null
    } else if let value = try? single.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? single.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? single.decode(UInt64.self) {
      self = .unsigned(value)
    } else if let value = try? single.decode(Double.self) {
      self = .double(value)
    } else if let value = try? single.decode(String.self) {
      self = .string(value)
    } else {
      self = .object(try single.decode([String: AnyValue].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var single = encoder.singleValueContainer()
    switch self {
    case .null: try single.encodeNil()
    case .bool(let value): try single.encode(value)
    case .integer(let value): try single.encode(value)
    case .unsigned(let value): try single.encode(value)
    case .double(let value): try single.encode(value)
    case .string(let value): try single.encode(value)
    case .array(let value): try single.encode(value)
    case .object(let value): try single.encode(value)
    }
  }
}

/// The result of decoding a text.
enum Outcome: Equatable, CustomStringConvertible {
  case value(String)
  /// The kind of error, its path and its description. The description of malformed JSON isn't
  /// compared.
  case refused(String)

  init<T>(_ decode: () throws -> T, show: (T) -> String) {
    do {
      self = .value(show(try decode()))
    } catch let error as DecodingError {
      self = .refused(Self.words(error))
    } catch {
      self = .refused("\(error)")
    }
  }

  var description: String {
    switch self {
    case .value(let value): value
    case .refused(let words): "refused, \(words)"
    }
  }

  /// True if both results are equal, or if the project's decoder reports malformed JSON and
  /// Foundation's reports any error: Foundation parses numbers and strings only when they are
  /// requested.
  func agrees(with foundation: Outcome) -> Bool {
    self == foundation || self == .refused("corrupted") && !foundation.isValue
  }

  var isValue: Bool { if case .value = self { true } else { false } }

  private static func words(_ error: DecodingError) -> String {
    func words(_ kind: String, _ context: DecodingError.Context) -> String {
      "\(kind) \(context.codingPath.map(\.stringValue)) \(context.debugDescription)"
    }
    switch error {
    case .typeMismatch(_, let context): return words("mismatch", context)
    case .valueNotFound(_, let context): return words("no value", context)
    case .keyNotFound(_, let context): return words("no key", context)
    // Foundation reports a number that doesn't fit as malformed JSON.
    case .dataCorrupted(let context):
      return context.debugDescription.contains("Base64") ? words("corrupted", context) : "corrupted"
    @unknown default: return "\(error)"
    }
  }
}

/// The results of Foundation's decoder and of the project's decoder for a text.
func outcomes<T: Decodable>(
  _ type: T.Type, _ json: [UInt8], show: (T) -> String = { "\($0)" }
) -> (foundation: Outcome, own: Outcome) {
  (
    Outcome({ try Foundation.JSONDecoder().decode(type, from: Data(json)) }, show: show),
    Outcome({ try JSON.JSONDecoder().decode(type, from: json) }, show: show)
  )
}
