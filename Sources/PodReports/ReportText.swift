import DockerEngine

/// Texts of reports.
package enum ReportText {
  /// A text in at most `limit` Unicode scalars; an ellipsis, which counts, replaces the rest.
  ///
  /// - Parameters:
  ///   - text: any text.
  ///   - limit: the maximum number.
  /// - Returns: the text, or its beginning.
  package static func cut(_ text: String, to limit: Int) -> String {
    guard text.utf8.count > limit, text.unicodeScalars.count > limit else { return text }
    return String(text.unicodeScalars.prefix(max(0, limit - 1))) + "…"
  }

  /// A text in one line without characters that could control a terminal.
  ///
  /// - Parameter text: any text.
  /// - Returns: the text, with U+FFFD for control characters and a space for line breaks and tabs.
  static func plain(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n", "\r", "\t": result.append(" ")
      case "\u{0}"..<"\u{20}", "\u{7f}"..."\u{9f}", "\u{200e}", "\u{200f}",
        "\u{2028}"..."\u{202e}", "\u{2066}"..."\u{2069}":
        result.append("\u{fffd}")
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// A text wrapped at spaces; a word that is longer than a line is split.
  ///
  /// - Parameters:
  ///   - text: any text.
  ///   - width: the maximum number of Unicode scalars in a line.
  /// - Returns: the lines; at least one.
  static func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in plain(text).split(separator: " ") {
      var rest = word.unicodeScalars
      if !line.isEmpty, line.unicodeScalars.count + 1 + rest.count <= width {
        line += " " + String(rest)
        continue
      }
      if !line.isEmpty { lines.append(line) }
      while rest.count > width {
        lines.append(String(rest.prefix(width)))
        rest = rest.dropFirst(width)
      }
      line = String(rest)
    }
    if !line.isEmpty || lines.isEmpty { lines.append(line) }
    return lines
  }

  /// Appends a value as JSON, indented by one space per level. Characters that could control a
  /// terminal are escaped.
  static func append(_ value: EngineValue, to bytes: inout [UInt8], level: Int = 0) {
    switch value {
    case .null: bytes += "null".utf8
    case .boolean(let value): bytes += (value ? "true" : "false").utf8
    case .integer(let value): bytes += "\(value)".utf8
    case .number(let value): bytes += (value.isFinite ? "\(value)" : "null").utf8
    case .text(let text): append(text, to: &bytes)
    case .list(let items):
      bytes.append(UInt8(ascii: "["))
      for (index, item) in items.enumerated() {
        begin(index, level + 1, &bytes)
        append(item, to: &bytes, level: level + 1)
      }
      if !items.isEmpty { indent(level, &bytes) }
      bytes.append(UInt8(ascii: "]"))
    case .object(let fields):
      bytes.append(UInt8(ascii: "{"))
      for (index, field) in fields.enumerated() {
        begin(index, level + 1, &bytes)
        append(field.key, to: &bytes)
        bytes += ": ".utf8
        append(field.value, to: &bytes, level: level + 1)
      }
      if !fields.isEmpty { indent(level, &bytes) }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private static func begin(_ index: Int, _ level: Int, _ bytes: inout [UInt8]) {
    if index > 0 { bytes.append(UInt8(ascii: ",")) }
    indent(level, &bytes)
  }

  private static func indent(_ level: Int, _ bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\n"))
    for _ in 0..<level { bytes.append(UInt8(ascii: " ")) }
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": bytes += "\\\"".utf8
      case "\\": bytes += "\\\\".utf8
      case "\n": bytes += "\\n".utf8
      case "\u{0}"..<"\u{20}", "\u{7f}"..."\u{9f}", "\u{200e}", "\u{200f}",
        "\u{2028}"..."\u{202e}", "\u{2066}"..."\u{2069}":
        let hex = String(scalar.value, radix: 16)
        bytes += "\\u".utf8
        bytes += String(repeating: "0", count: 4 - hex.count).utf8
        bytes += hex.utf8
      default: bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
