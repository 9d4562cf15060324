/// A parsed JSON text.
final class JSONDocument: Sendable {
  let bytes: [UInt8]
  let nodes: [JSONNode]

  init(_ bytes: [UInt8]) throws(JSONSyntaxError) {
    self.bytes = bytes
    nodes = try JSONParser.nodes(of: bytes)
  }

  /// The string of a node.
  func string(_ node: JSONNode) -> String {
    let raw = text(node)
    return node.isPlain ? String(decoding: raw, as: UTF8.self) : Self.unescaped(raw)
  }

  /// True if a string node equals the text.
  func isString(_ node: JSONNode, _ text: String) -> Bool {
    guard node.isPlain else { return string(node) == text }
    return Int(node.end - node.start) == text.utf8.count && self.text(node).elementsEqual(text.utf8)
  }

  /// An object whose values are all strings; nil for other values. Of several members with one
  /// name, the first one counts.
  func strings(of index: Int) -> [String: String]? {
    let object = nodes[index]
    guard object.kind == .object else { return nil }
    var found: [String: String] = [:]
    found.reserveCapacity(Int(object.count))
    var name = index + 1
    for _ in 0..<object.count {
      let value = nodes[name + 1]
      guard value.kind == .string else { return nil }
      let key = string(nodes[name])
      if found[key] == nil { found[key] = string(value) }
      name = Int(value.next)
    }
    return found
  }

  /// The bytes of a number, or of a string with its escapes.
  func text(_ node: JSONNode) -> ArraySlice<UInt8> { bytes[Int(node.start)..<Int(node.end)] }

  /// The string without escapes, which the parser has validated.
  private static func unescaped(_ raw: ArraySlice<UInt8>) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(raw.count)
    var index = raw.startIndex
    /// The next `\uXXXX`, beginning at its `u`.
    func unit() -> UInt32 {
      defer { index += 5 }
      return raw[index + 1..<index + 5].reduce(0) { $0 << 4 | UInt32(hexadecimalValue($1) ?? 0) }
    }
    while index < raw.endIndex {
      let byte = raw[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      let escape = raw[index]
      guard escape == UInt8(ascii: "u") else {
        index += 1
        result.append(Self.character(escape))
        continue
      }
      var value = unit()
      if 0xD800..<0xDC00 ~= value {
        index += 1
        value = 0x10000 + (value - 0xD800) << 10 + (unit() - 0xDC00)
      }
      result += UTF8.encode(Unicode.Scalar(value) ?? "\u{FFFD}") ?? .encodedReplacementCharacter
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func character(_ escape: UInt8) -> UInt8 {
    switch escape {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: escape
    }
  }
}
