import Foundation

/// Converts JSON to a call as stout does (3rdparty/stout/include/stout/protobuf.hpp, `Parser` and
/// `parse`), with the error texts of stout.
struct CallParser {
  /// The call doesn't match its messages.
  struct Failure: Error { let message: String }

  let version: MesosVersion
  /// Fields that no message declares. stout ignores them, so a misspelled field is lost silently.
  private(set) var unknownFields: [String] = []
  private var missing: [String] = []

  init(version: MesosVersion) { self.version = version }

  /// Parses a complete call.
  ///
  /// - Returns: The call, without enum names that this version doesn't support and without null
  ///   members.
  mutating func parse(_ json: JSON) throws(Failure) -> JSON {
    guard case .object = json else { throw Failure(message: "Expecting a JSON object") }
    let call = try message("Call", json, at: "")
    guard missing.isEmpty else {
      throw Failure(message: "Missing required fields: " + missing.joined(separator: ", "))
    }
    return call
  }

  private mutating func message(
    _ name: String, _ json: JSON, at path: String
  ) throws(Failure) -> JSON {
    guard case .object(let members) = json else { return json }
    let fields = CallSchema.fields(of: name)
    var result: [String: JSON] = [:]
    for (key, value) in members.sorted(by: { $0.key < $1.key }) {
      guard let field = fields[key] else {
        unknownFields.append(path + key)
        continue
      }
      // A null counts as an absent field.
      if value == .null { continue }
      result[key] = try self.value(value, field.kind, field: key, field.isRequired, at: path + key)
    }
    missing += fields.filter { $0.value.isRequired && result[$0.key] == nil }
      .map { path + $0.key }.sorted()
    return .object(result)
  }

  private mutating func value(
    _ json: JSON, _ kind: CallSchema.Kind, field: String, _ isRequired: Bool, at path: String
  ) throws(Failure) -> JSON? {
    switch (kind, json) {
    case (.anything, _), (.string, .string), (.number, .integer), (.number, .double),
      (.bool, .bool):
      return json
    case (.list(let element), .array(let values)):
      var result: [JSON] = []
      for (index, value) in values.enumerated() {
        let location = "\(path)(\(index))"
        if let value = try self.value(value, element, field: field, false, at: location) {
          result.append(value)
        }
      }
      return .array(result)
    // stout accepts a single value for a repeated field as one element.
    case (.list(let element), _):
      return try value(json, element, field: field, false, at: path).map { .array([$0]) }
    case (.message(let name), .object):
      return try message(name, json, at: path + ".")
    case (.bytes, .string(let text)):
      guard Data(base64Encoded: text) != nil else {
        throw Failure(message: "Failed to base64 decode bytes field '\(field)': \(text)")
      }
      return json
    case (.enumeration(let names), .string(let name)):
      if names(version).contains(name) { return json }
      if isRequired || version.refusesUnknownEnums {
        throw Failure(message: "Failed to find enum for '\(name)'")
      }
      return nil
    case (.number, .string(let text)):
      guard let number = Double(text) else {
        throw Failure(
          message: "Failed to parse '\(text)' as a JSON number for field '\(field)'")
      }
      return .double(number)
    default:
      throw Failure(message: "Not expecting a JSON \(Self.type(of: json)) for field '\(field)'")
    }
  }

  private static func type(of json: JSON) -> String {
    switch json {
    case .null: "null"
    case .bool: "boolean"
    case .integer, .double: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
