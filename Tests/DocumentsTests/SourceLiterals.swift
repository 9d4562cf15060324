import Foundation

/// The string literals of a source in Swift, C or C++. Literals that are joined by `+` or by white
/// space are one. `…` stands for each interpolation.
struct SourceLiterals {
  private let bytes: [UInt8]
  private var index = 0
  private var found: [[UInt8]] = []

  /// The literals of a source.
  static func all(in text: String) -> [String] {
    var reader = SourceLiterals(bytes: Array(text.utf8))
    reader.read()
    return reader.found.map { String(decoding: $0, as: UTF8.self) }
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func read() {
    var isJoined = false
    while index < bytes.count {
      let byte = bytes[index]
      if byte == Self.slash, isAt("//") {
        skip { $0 != UInt8(ascii: "\n") }
      } else if byte == Self.apostrophe, isAt("'\"'") {
        index += 3
      } else if byte == Self.quote {
        let literal = literal()
        if isJoined { found[found.count - 1] += literal } else { found.append(literal) }
        isJoined = true
      } else {
        if byte != Self.plus, byte > 0x20 { isJoined = false }
        index += 1
      }
    }
  }

  private static let quote = UInt8(ascii: "\"")
  private static let apostrophe = UInt8(ascii: "'")
  private static let slash = UInt8(ascii: "/")
  private static let plus = UInt8(ascii: "+")

  private func isAt(_ word: String) -> Bool { bytes[index...].starts(with: word.utf8) }

  private mutating func skip(while condition: (UInt8) -> Bool) {
    while index < bytes.count, condition(bytes[index]) { index += 1 }
  }

  /// Reads the literal that begins here.
  private mutating func literal() -> [UInt8] {
    let quote = isAt("\"\"\"") ? "\"\"\"" : "\""
    index += quote.utf8.count
    var text: [UInt8] = []
    while index < bytes.count, !isAt(quote) {
      if isAt("\\(") {
        index += 1
        skipInterpolation()
        text += Array("…".utf8)
      } else {
        if isAt("\\") { index += 1 }
        if index < bytes.count { text.append(bytes[index]) }
        index += 1
      }
    }
    index += quote.utf8.count
    return text
  }

  /// Skips from `(` to the `)` that closes it.
  private mutating func skipInterpolation() {
    var depth = 0
    while index < bytes.count {
      if isAt("\"") {
        _ = literal()
        continue
      }
      if isAt("(") { depth += 1 }
      if isAt(")") { depth -= 1 }
      index += 1
      if depth == 0 { return }
    }
  }
}

extension String {
  /// Whether a message can come from this literal: the literal contains the parts of the message
  /// between `…`, in order.
  func gives(_ message: String) -> Bool {
    var rest = self[...]
    for part in message.split(separator: "…") {
      let words = part.trimmingCharacters(in: [" "])
      guard let range = rest.range(of: words) else { return false }
      rest = rest[range.upperBound...]
    }
    return true
  }
}
