/// The text of `!!binary` scalars (RFC 4648, with line breaks).
enum Base64 {
  /// The bytes; nil where the text is no Base64 with its padding.
  static func bytes(of text: String) -> [UInt8]? {
    let digits = text.utf8.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    guard digits.count % 4 == 0 else { return nil }
    let padding = digits.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
    var bits: UInt32 = 0
    var count = 0
    var bytes: [UInt8] = []
    for digit in digits.dropLast(padding) {
      guard let value = value(of: digit) else { return nil }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }

  /// The bytes as text, each that is no part of UTF-8 as U+FFFD.
  static func text(of bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    var decoder = UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    while true {
      switch decoder.parseScalar(from: &iterator) {
      case .valid(let encoded): text.append(UTF8.decode(encoded))
      case .error(let length):
        for _ in 0..<length { text.append("\u{FFFD}") }
      case .emptyInput: return String(text)
      }
    }
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
