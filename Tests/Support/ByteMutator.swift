/// Makes small changes to real input, as a faulty or hostile peer would: bytes, parts, numbers and
/// the order of lines.
package struct ByteMutator: Sendable {
  /// Texts that are difficult for parsers: numbers at the limits of their types, brackets, invalid
  /// UTF-8.
  package static let words: [[UInt8]] =
    [
      "-1", "0", "-0", "1e999", "-1e999", "1e-999", "NaN", "Infinity", "9223372036854775807",
      "-9223372036854775808", "9223372036854775808", "18446744073709551615", "4294967296",
      "2147483647", "-2147483648", "99999999999999999999999", "0.1", "1.5e300", "65536", "null",
      "true", "\"\"", "{}", "[]", "{", "}", "[", "]", "\"", "\\", "\\u0000", "\\ud800", ":", ",",
      "\n", "\r\n", "\u{0}", "/", "..", "=", "-", "é", "\u{FEFF}", "🦊", " ", "\t", "%", "$", "#",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0, 0, 0, 0], [0xFF, 0xFF]]

  private let words: [[UInt8]]

  /// Creates a mutator that also inserts words of the format.
  ///
  /// - Parameter words: Words that have a meaning in the format.
  package init(words: [String] = []) {
    self.words = Self.words + words.map { Array($0.utf8) }
  }

  /// A copy with one to eight changes.
  ///
  /// - Parameters:
  ///   - bytes: Real input.
  ///   - other: More real input. The copy may contain a part of it.
  ///   - random: The source of random choices.
  /// - Returns: The copy.
  package func mutated(
    _ bytes: [UInt8], with other: [UInt8] = [], using random: inout SeededGenerator
  ) -> [UInt8] {
    var result = bytes
    for _ in 0..<(1 << Int.random(in: 0...3, using: &random)) {
      change(&result, other, &random)
    }
    return result
  }

  private func change(
    _ bytes: inout [UInt8], _ other: [UInt8], _ random: inout SeededGenerator
  ) {
    let word = words.randomElement(using: &random) ?? []
    guard !bytes.isEmpty else {
      bytes = word
      return
    }
    let at = Int.random(in: 0..<bytes.count, using: &random)
    let end = min(bytes.count, at + Int.random(in: 1...16, using: &random))
    switch Int.random(in: 0..<11, using: &random) {
    case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
    case 2: bytes.removeSubrange(at..<end)
    case 3: bytes.insert(contentsOf: word, at: at)
    case 4: bytes.replaceSubrange(at..<end, with: word)
    case 5: bytes.insert(contentsOf: bytes[at..<end], at: at)
    case 6: bytes.removeSubrange(at...)
    case 7: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &random))
    case 8: replaceNumber(&bytes, near: at, word)
    case 9: replaceString(&bytes, near: at, word)
    default:
      guard !other.isEmpty else { return }
      let start = Int.random(in: 0..<other.count, using: &random)
      bytes.replaceSubrange(at..<end, with: other[start...].prefix(64))
    }
  }

  /// Replaces a complete number, so that the rest of the input stays well-formed.
  private func replaceNumber(_ bytes: inout [UInt8], near start: Int, _ word: [UInt8]) {
    let isDigit = { (byte: UInt8) in byte >= 48 && byte <= 57 }
    guard let first = bytes[start...].firstIndex(where: isDigit) else { return }
    let end = bytes[first...].firstIndex { !isDigit($0) } ?? bytes.count
    bytes.replaceSubrange(first..<end, with: word)
  }

  /// Replaces the text between two quotes.
  private func replaceString(_ bytes: inout [UInt8], near start: Int, _ word: [UInt8]) {
    guard let first = bytes[start...].firstIndex(of: 0x22), first + 1 < bytes.count,
      let end = bytes[(first + 1)...].firstIndex(of: 0x22)
    else { return }
    bytes.replaceSubrange((first + 1)..<end, with: word)
  }
}
