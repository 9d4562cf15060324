/// Writes encoded values as text.
struct JSONWriter {
  let formatting: JSONEncoder.OutputFormatting
  private(set) var bytes: [UInt8] = []
  private var level = 0

  init(formatting: JSONEncoder.OutputFormatting) {
    self.formatting = formatting
  }

  mutating func write(_ value: JSONValue) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let bool): bytes += (bool ? "true" : "false").utf8
    case .number(let text): bytes += text.utf8
    case .string(let text): write(text)
    case .array(let array):
      list(array.elements, "[", "]") { $0.write($1) }
    case .object(let object):
      let names =
        formatting.contains(.sortedKeys)
        ? object.names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } : object.names
      let colon = formatting.contains(.prettyPrinted) ? " : " : ":"
      list(names, "{", "}") {
        $0.write($1)
        $0.bytes += colon.utf8
        $0.write(object[$1] ?? .null)
      }
    case .pending(let encoder): write(encoder.value ?? .object(JSONObject()))
    }
  }

  private mutating func list<Element>(
    _ elements: [Element], _ opening: Unicode.Scalar, _ closing: Unicode.Scalar,
    write: (inout JSONWriter, Element) -> Void
  ) {
    bytes.append(UInt8(ascii: opening))
    level += 1
    var isFirst = true
    for element in elements {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      breakLine()
      write(&self, element)
    }
    // Foundation writes an empty line in an empty container.
    if isFirst, formatting.contains(.prettyPrinted) { bytes.append(0x0A) }
    level -= 1
    breakLine()
    bytes.append(UInt8(ascii: closing))
  }

  private mutating func breakLine() {
    guard formatting.contains(.prettyPrinted) else { return }
    bytes.append(0x0A)
    bytes += repeatElement(0x20, count: 2 * level)
  }

  private mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case UInt8(ascii: "/") where !formatting.contains(.withoutEscapingSlashes):
        bytes += [UInt8(ascii: "\\"), byte]
      case 0x08: bytes += "\\b".utf8
      case 0x09: bytes += "\\t".utf8
      case 0x0A: bytes += "\\n".utf8
      case 0x0C: bytes += "\\f".utf8
      case 0x0D: bytes += "\\r".utf8
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        bytes += (byte < 0x10 ? "\\u000" : "\\u00").utf8
        bytes += digits.utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
