import Linux

/// One object of `run --format json` (docs/pods.md, "JSON output"): a line of JSON, written key by
/// key.
package struct JSONLine: Sendable {
  /// The version of the schema. It changes when an existing key is removed or changes its meaning.
  package static let version = 1

  private var bytes: [UInt8]

  /// Begins an object with the current time.
  ///
  /// - Parameters:
  ///   - type: the object's type.
  ///   - time: the time in RFC 3339.
  package init(_ type: String, time: String = WallClock.now) {
    bytes = Array("{\"version\":\(Self.version)".utf8)
    add("time", time)
    add("type", type)
  }

  private init() { bytes = [] }

  /// A nested object.
  ///
  /// - Parameter body: adds the object's keys.
  /// - Returns: JSON.
  package static func object(_ body: (inout JSONLine) -> Void) -> [UInt8] {
    var object = JSONLine()
    body(&object)
    return [UInt8(ascii: "{")] + object.bytes.dropFirst() + [UInt8(ascii: "}")]
  }

  /// The line, with a line break.
  package var line: [UInt8] { bytes + [UInt8(ascii: "}"), UInt8(ascii: "\n")] }

  /// Adds a string.
  ///
  /// - Parameters:
  ///   - key: its key, of plain letters.
  ///   - value: any text; nothing is added for nil.
  package mutating func add(_ key: StaticString, _ value: String?) {
    guard let value else { return }
    begin(key)
    Self.append(Array(value.utf8)[...], to: &bytes)
  }

  /// Adds bytes as a string. Invalid UTF-8 becomes U+FFFD.
  ///
  /// - Parameters:
  ///   - key: its key.
  ///   - value: any bytes.
  package mutating func add(_ key: StaticString, bytes value: ArraySlice<UInt8>) {
    begin(key)
    Self.append(value, to: &bytes)
  }

  /// Adds a number.
  ///
  /// - Parameters:
  ///   - key: its key.
  ///   - value: the number; nothing is added for nil.
  package mutating func add(_ key: StaticString, _ value: Int?) {
    guard let value else { return }
    begin(key)
    bytes += String(value).utf8
  }

  /// Adds `true`.
  ///
  /// - Parameter key: its key.
  package mutating func addTrue(_ key: StaticString) {
    begin(key)
    bytes += "true".utf8
  }

  /// Adds an array of objects or strings.
  ///
  /// - Parameters:
  ///   - key: its key.
  ///   - values: JSON, as returned by `object` and `text`.
  package mutating func add(_ key: StaticString, array values: [[UInt8]]) {
    begin(key)
    bytes.append(UInt8(ascii: "["))
    bytes += values.joined(separator: [UInt8(ascii: ",")])
    bytes.append(UInt8(ascii: "]"))
  }

  /// A string as JSON.
  ///
  /// - Parameter value: any text.
  /// - Returns: JSON.
  package static func text(_ value: String) -> [UInt8] {
    var bytes: [UInt8] = []
    append(Array(value.utf8)[...], to: &bytes)
    return bytes
  }

  private mutating func begin(_ key: StaticString) {
    bytes += ",\"".utf8
    key.withUTF8Buffer { bytes += $0 }
    bytes += "\":".utf8
  }

  /// Appends bytes as a JSON string. Invalid UTF-8 becomes U+FFFD.
  ///
  /// - Parameters:
  ///   - text: any bytes.
  ///   - bytes: receives the JSON string.
  package static func append(_ text: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    if text.allSatisfy(isUnescaped) {
      bytes += text
    } else {
      for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
        append(scalar, to: &bytes)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func isUnescaped(_ byte: UInt8) -> Bool {
    0x20..<0x7f ~= byte && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    switch scalar {
    case "\"": bytes += "\\\"".utf8
    case "\\": bytes += "\\\\".utf8
    case "\n": bytes += "\\n".utf8
    case "\r": bytes += "\\r".utf8
    case "\t": bytes += "\\t".utf8
    // Escaped: line breaks for some readers, and characters that could control a terminal.
    case "\u{0}"..<"\u{20}", "\u{7f}"..."\u{9f}", "\u{200e}", "\u{200f}", "\u{2028}"..."\u{202e}",
      "\u{2066}"..."\u{2069}":
      let hex = String(scalar.value, radix: 16)
      bytes += "\\u".utf8
      bytes += String(repeating: "0", count: 4 - hex.count).utf8
      bytes += hex.utf8
    default: bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
    }
  }
}

extension JSONLine {
  /// Lines of a service as objects.
  ///
  /// - Parameters:
  ///   - lines: completed lines of `LineAssembler`, without a prefix; a last one without a line
  ///     break continues in the next call.
  ///   - service: the service.
  ///   - isHook: whether a hook of the service wrote them.
  ///   - stream: `stdout` or `stderr`.
  /// - Returns: one object per line.
  static func output(
    _ lines: [UInt8], service: String, isHook: Bool, stream: StaticString
  ) -> [UInt8] {
    let time = WallClock.now
    var result: [UInt8] = []
    result.reserveCapacity(lines.count * 2)
    var rest = lines[...]
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: "\n"))
      var object = JSONLine("output", time: time)
      object.add("service", service)
      object.add("stream", "\(stream)")
      object.add("line", bytes: rest[..<(end ?? rest.endIndex)])
      // The line is too long to be kept whole, and its rest follows.
      if end == nil { object.addTrue("partial") }
      if isHook { object.addTrue("hook") }
      result += object.line
      rest = rest[(end.map { $0 + 1 } ?? rest.endIndex)...]
    }
    return result
  }
}
