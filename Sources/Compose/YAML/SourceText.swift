/// A file's bytes, made ready for libyaml, which takes less, and in one case more, than the YAML library of Docker
/// Compose.
struct SourceText {
  /// What libyaml is given.
  private(set) var bytes: [UInt8]
  /// True where control characters have others in their places.
  private(set) var hidesControls = false
  /// True for UTF-16 with its mark, which libyaml knows by itself.
  let isWide: Bool
  /// Where `\/` stands, which only JSON knows: the place among the characters.
  private var slashes: [Int] = []
  private var nextSlash = 0

  /// Takes a file's bytes.
  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    isWide = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
    if isWide { return }
    hideControls()
    findSlashes()
  }

  /// Puts U+10FF7F to U+10FF9F in the places of U+007F to U+009F, unless such characters are there already.
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

  /// A scalar's text with its control characters.
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

  /// True if a `\/` stands between two places; the places of one call come after those of the call before.
  mutating func hasSlash(from start: Int, to end: Int) -> Bool {
    while nextSlash < slashes.count, slashes[nextSlash] < start { nextSlash += 1 }
    return nextSlash < slashes.count && slashes[nextSlash] < end
  }
}
