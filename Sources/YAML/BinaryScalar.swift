import JSON

/// The text of `!!binary` scalars (RFC 4648, with line breaks).
enum BinaryScalar {
  /// The bytes; nil if the text isn't valid Base64 with padding.
  static func bytes(of text: String) -> [UInt8]? {
    let digits = text.utf8.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    return Base64.bytes(of: String(decoding: digits, as: UTF8.self))
  }

  /// The bytes as text; each byte that isn't valid UTF-8 becomes U+FFFD.
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
}
