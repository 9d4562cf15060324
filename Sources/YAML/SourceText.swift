/// A file's bytes, converted for libyaml, which accepts fewer inputs than the YAML library of
/// Docker Compose, and in one case more.
struct SourceText {
  /// The bytes for libyaml.
  private(set) var bytes: [UInt8]
  /// True if control characters are replaced by placeholders.
  private(set) var hidesControls = false
  /// True for UTF-16 with a byte order mark, which libyaml detects.
  let isWide: Bool
  /// The character offsets of `\/`, which only JSON allows.
  private var slashes: [Int] = []
  private var nextSlash = 0
  /// The position up to which characters have been counted.
  private var counted = (character: 0, byte: 0)

  /// The byte order mark in UTF-8.
  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// Converts a file's bytes.
  init(_ bytes: [UInt8]) {
    // libyaml counts the UTF-8 mark as a column, so the first key would be indented more than the
    // rest.
    self.bytes = bytes.starts(with: Self.mark) ? Array(bytes.dropFirst(Self.mark.count)) : bytes
    isWide = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
    if isWide { return }
    hideControls()
    findSlashes()
  }

  /// Replaces U+007F to U+009F, except U+0085, by U+10FF7F to U+10FF9F, unless the text already
  /// contains such characters.
  private mutating func hideControls() {
    var hidden: [UInt8] = []
    var taken = 0
    for (index, byte) in bytes.enumerated() {
      let isDelete = byte == 0x7F
      let isControl =
        byte == 0xC2 && index + 1 < bytes.count && (0x80...0x9F).contains(bytes[index + 1])
        && bytes[index + 1] != 0x85
      guard isDelete || isControl else {
        if byte == 0xBE || byte == 0xBD, index >= 2, bytes[index - 2] == 0xF4 { return }
        continue
      }
      hidden += bytes[taken..<index]
      hidden += isDelete ? [0xF4, 0x8F, 0xBD, 0xBF] : [0xF4, 0x8F, 0xBE, bytes[index + 1]]
      taken = index + (isDelete ? 1 : 2)
    }
    guard taken > 0 else { return }
    bytes = hidden + bytes[taken...]
    hidesControls = true
  }

  /// A scalar's text with its original control characters.
  func restored(_ text: String) -> String {
    guard hidesControls else { return text }
    var restored = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isHidden = (0x10FF7F...0x10FF9F).contains(scalar.value)
      restored.append(isHidden ? Unicode.Scalar(UInt8(scalar.value & 0xFF)) : scalar)
    }
    return String(restored)
  }

  private mutating func findSlashes() {
    guard bytes.contains(UInt8(ascii: "\\")) else { return }
    var character = 0
    var isEscaped = false
    for byte in bytes {
      if isEscaped, byte == UInt8(ascii: "/") { slashes.append(character) }
      isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
      if byte & 0xC0 != 0x80 { character += 1 }
    }
  }

  /// True if there is a `\/` between two offsets. The offsets of each call must follow those of the
  /// previous call.
  mutating func hasSlash(from start: Int, to end: Int) -> Bool {
    while nextSlash < slashes.count, slashes[nextSlash] < start { nextSlash += 1 }
    return nextSlash < slashes.count && slashes[nextSlash] < end
  }

  /// The style of a scalar, as far as it affects its characters.
  enum Style {
    case plain, doubleQuoted, block
  }

  /// Finds the `$` characters of a scalar, in order. The scalar of each call must follow that of
  /// the previous call.
  ///
  /// - Parameters:
  ///   - start: The offset of the scalar in characters of the file.
  ///   - end: The offset of its end.
  ///   - location: The line and column of the start, from 1.
  ///   - style: The style of the scalar.
  /// - Returns: The lines and columns of the `$` characters.
  mutating func dollars(
    from start: Int, to end: Int, at location: (line: Int, column: Int), style: Style
  ) -> [SourcePosition.Location] {
    if isWide { return [] }
    while counted.character < start, counted.byte < bytes.count { skipCharacter() }
    var (line, column) = location
    var found: [SourcePosition.Location] = []
    // The first line of a block has only its indicators and possibly a comment.
    var isText = style != .block
    var character = start
    var byte = counted.byte
    while character < end, byte < bytes.count {
      if let width = lineBreak(at: byte) {
        isText = true
        (line, column) = (line + 1, 1)
        byte += width.bytes
        character += width.characters
        continue
      }
      let escape = style == .doubleQuoted ? escape(at: byte) : nil
      if isText, escape?.isDollar ?? (bytes[byte] == UInt8(ascii: "$")) {
        found.append(SourcePosition.Location(line: Int32(line), column: Int32(column)))
      }
      for _ in 0..<(escape?.length ?? 1) {
        byte += 1
        while byte < bytes.count, bytes[byte] & 0xC0 == 0x80 { byte += 1 }
        character += 1
        column += 1
      }
    }
    return found
  }

  private mutating func skipCharacter() {
    counted.byte += 1
    while counted.byte < bytes.count, bytes[counted.byte] & 0xC0 == 0x80 { counted.byte += 1 }
    counted.character += 1
  }

  /// The line break at a byte offset, as libyaml defines it: CR, LF, CRLF, NEL, LS and PS; nil for
  /// another character.
  private func lineBreak(at index: Int) -> (bytes: Int, characters: Int)? {
    let first = bytes[index]
    guard first == 0x0A || first == 0x0D || first == 0xC2 || first == 0xE2 else { return nil }
    let rest = bytes[index...].prefix(3)
    switch rest.first {
    case 0x0D: return rest.dropFirst().first == 0x0A ? (2, 2) : (1, 1)
    case 0x0A: return (1, 1)
    case 0xC2 where rest.dropFirst().first == 0x85: return (2, 1)
    case 0xE2 where rest.elementsEqual([0xE2, 0x80, 0xA8]): return (3, 1)
    case 0xE2 where rest.elementsEqual([0xE2, 0x80, 0xA9]): return (3, 1)
    default: return nil
    }
  }

  /// The escape sequence of double quotes at a byte offset: its length in characters, and whether
  /// it represents `$`.
  private func escape(at index: Int) -> (length: Int, isDollar: Bool)? {
    guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else { return nil }
    let digits: Int
    switch bytes[index + 1] {
    case UInt8(ascii: "x"): digits = 2
    case UInt8(ascii: "u"): digits = 4
    case UInt8(ascii: "U"): digits = 8
    // An escaped line break counts as a line break, so only the backslash is counted here.
    default: return (lineBreak(at: index + 1) == nil ? 2 : 1, false)
    }
    let code = String(decoding: bytes[(index + 2)...].prefix(digits), as: UTF8.self)
    return (2 + digits, UInt32(code, radix: 16) == 0x24)
  }
}
