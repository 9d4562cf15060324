import Glibc
import YAML

/// An object of a JSON document. Callers set its keys one by one.
package struct JSONObject: Sendable {
  private static let position = SourcePosition(file: "", line: 1, column: 1)
  private var node = YAMLNode(mappingAt: position)

  /// An object without keys.
  package init() {}

  /// Sets a key to a string; nil gives null.
  package mutating func set(_ key: String, _ value: String?) {
    put(key, value.map { .string($0) })
  }

  /// Sets a key to an integer; nil gives null.
  package mutating func set(_ key: String, _ value: Int64?) {
    put(key, value.map { .integer($0) })
  }

  /// Sets a key to an integer; nil gives null.
  package mutating func set(_ key: String, _ value: Int?) { set(key, value.map { Int64($0) }) }

  /// Sets a key to a number, rounded to thousandths; nil gives null.
  package mutating func set(_ key: String, _ value: Double?) {
    put(key, value.map { .decimal(($0 * 1000).rounded() / 1000) })
  }

  /// Sets a key to a Boolean.
  package mutating func set(_ key: String, _ value: Bool) { put(key, .boolean(value)) }

  /// Sets a key to an object; nil gives null.
  package mutating func set(_ key: String, _ value: JSONObject?) { put(key, value?.node.content) }

  /// Sets a key to a list of objects.
  package mutating func set(_ key: String, _ values: [JSONObject]) {
    put(key, .sequence(values.map(\.node)))
  }

  /// Sets a key to a list of strings.
  package mutating func set(_ key: String, _ values: [String]) {
    put(key, .sequence(values.map { YAMLNode(.string($0), at: Self.position) }))
  }

  /// Sets a key to an object of strings, sorted by their keys.
  package mutating func set(_ key: String, _ values: [String: String]) {
    var object = JSONObject()
    for (name, value) in values.sorted(by: { $0.key < $1.key }) { object.set(name, value) }
    set(key, object)
  }

  private mutating func put(_ key: String, _ content: YAMLNode.Content?) {
    node.set(key, YAMLNode(content ?? .null, at: Self.position))
  }

  /// The object on one line. Characters that could control a terminal are written as escapes, which
  /// keeps the values exact.
  package var line: String {
    Self.withoutControls(String(decoding: JSONWriter.compact(node), as: UTF8.self))
  }

  /// Replaces characters that could control a terminal by escapes.
  ///
  /// - Parameter document: a JSON document, in which JSON's own control characters are already
  ///   escaped.
  /// - Returns: a document with the same values.
  package static func withoutControls(_ document: String) -> String {
    var text = String.UnicodeScalarView()
    for scalar in document.unicodeScalars {
      let value = scalar.value
      let isControl =
        0x7f...0x9f ~= value || 0x200e...0x200f ~= value || 0x202a...0x202e ~= value
        || 0x2066...0x2069 ~= value
      guard isControl else {
        text.append(scalar)
        continue
      }
      let hex = String(value, radix: 16)
      text.append(
        contentsOf: ("\\u" + String(repeating: "0", count: 4 - hex.count) + hex).unicodeScalars)
    }
    return String(text)
  }
}

/// Formats a time in UTC (RFC 3339).
///
/// - Parameter seconds: seconds since 1970.
/// - Returns: for example `2026-01-01T00:00:00Z`; nil for an unknown time.
func timeText(_ seconds: Int64?) -> String? {
  guard let seconds, seconds > 0, seconds < 1 << 38 else { return nil }
  var time = time_t(seconds)
  var parts = tm()
  gmtime_r(&time, &parts)
  func digits(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
  return "\(Int(parts.tm_year) + 1900)-\(digits(parts.tm_mon + 1))-\(digits(parts.tm_mday))T"
    + "\(digits(parts.tm_hour)):\(digits(parts.tm_min)):\(digits(parts.tm_sec))Z"
}
