import OrderedCollections

/// Writes a tree as JSON, indented by two spaces, like `docker compose config --format json`.
package struct JSONWriter {
  private var out: [UInt8] = []
  /// True to write neither spaces nor line breaks.
  private var isCompact = false
  /// True to double each `$`, so that the output is a valid Compose file again.
  private var doublesDollars = true
  /// The number of spaces per level.
  private var step = 2

  /// The text, without a newline at the end.
  ///
  /// - Parameters:
  ///   - node: The tree.
  ///   - doublesDollars: True to double each `$`, so that the output is a valid Compose file again.
  ///   - indent: The number of spaces per level.
  /// - Returns: The text.
  package static func text(
    _ node: YAMLNode, doublesDollars: Bool = true, indent: Int = 2
  ) -> String {
    var writer = JSONWriter()
    writer.doublesDollars = doublesDollars
    writer.step = indent
    writer.write(node, indent: 0)
    return String(decoding: writer.out, as: UTF8.self)
  }

  /// The bytes of Go's `json.Marshal`: without indentation, and with single `$`.
  package static func compact(_ node: YAMLNode) -> [UInt8] {
    var writer = JSONWriter()
    writer.isCompact = true
    writer.doublesDollars = false
    writer.write(node, indent: 0)
    return writer.out
  }

  private mutating func write(_ node: YAMLNode, indent: Int) {
    switch node.content {
    case .null: put("null")
    case .boolean(let value): put(value ? "true" : "false")
    case .integer(let value): put(String(value))
    case .unsigned(let value): put(String(value))
    case .decimal(let value): put(value.isFinite ? NumberText.json(value) : "null")
    case .single(let value): put(value.isFinite ? NumberText.json(value) : "null")
    case .timestamp(let value), .string(let value): string(value)
    case .sequence(let items):
      guard !items.isEmpty else { return put("[]") }
      put("[")
      for (index, item) in items.enumerated() {
        newline(indent + step, comma: index > 0)
        write(item, indent: indent + step)
      }
      newline(indent)
      put("]")
    case .mapping(let entries):
      guard !entries.isEmpty else { return put("{}") }
      put("{")
      for (index, entry) in entries.elements.enumerated() {
        newline(indent + step, comma: index > 0)
        string(entry.key)
        put(isCompact ? ":" : ": ")
        write(entry.value.value, indent: indent + step)
      }
      newline(indent)
      put("}")
    }
  }

  private mutating func put(_ text: String) { out += text.utf8 }

  private mutating func newline(_ indent: Int, comma: Bool = false) {
    if comma { out.append(UInt8(ascii: ",")) }
    if isCompact { return }
    out.append(UInt8(ascii: "\n"))
    for _ in 0..<indent { out.append(UInt8(ascii: " ")) }
  }

  private mutating func string(_ text: String) {
    out.append(UInt8(ascii: "\""))
    let bytes = text.utf8
    if bytes.allSatisfy(Self.isUnescaped) {
      out += bytes
    } else {
      for scalar in text.unicodeScalars { put(scalar) }
    }
    out.append(UInt8(ascii: "\""))
  }

  private mutating func put(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "\"": put("\\\"")
    case "\\": put("\\\\")
    case "\n": put("\\n")
    case "\r": put("\\r")
    case "\t": put("\\t")
    case "\u{8}": put("\\b")
    case "\u{C}": put("\\f")
    // A single `$` would start a variable when the output is read again.
    case "$": put(doublesDollars ? "$$" : "$")
    case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"..<"\u{20}":
      let hex = String(scalar.value, radix: 16)
      put("\\u" + String(repeating: "0", count: 4 - hex.count) + hex)
    default: out.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
  }

  private static func isUnescaped(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "$"), UInt8(ascii: "<"),
      UInt8(ascii: ">"), UInt8(ascii: "&"):
      false
    default: byte >= 0x20 && byte < 0x80
    }
  }
}
