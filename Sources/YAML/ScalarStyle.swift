/// The YAML style of a string that every parser, including parsers of YAML 1.1, reads as the same
/// string.
enum ScalarStyle {
  case plain
  case single
  case double
  case literal

  /// The style that Docker Compose's YAML library chooses.
  static func of(_ text: String, isKey: Bool) -> ScalarStyle {
    let shape = Analysis(text)
    var style = ScalarStyle.plain
    if text.unicodeScalars.contains("\n") {
      let hasInk = text.unicodeScalars.contains { !$0.properties.isWhitespace }
      style = text.utf8.count >= 2 && hasInk ? .literal : .double
    } else if isAmbiguous(text) {
      style = .single
    } else if !ScalarResolution.content(ofPlain: text).isString
      || text.utf8.count > ScalarResolution.longestNumber && ScalarResolution.isFloat(text)
    {
      style = .double
    }
    if isKey, shape.isMultiline { style = .double }
    if style == .plain, !shape.allowsPlain || (text.isEmpty && isKey) { style = .single }
    if style == .single, !shape.allowsSingle { style = .double }
    if style == .literal, !shape.allowsBlock || isKey || isMisreadAsBlock(text) { style = .double }
    return style
  }

  /// Whether a parser reads another value from a block: the indentation of the first line with
  /// text follows from its spaces, a tab can't begin it, and U+2028 and U+2029 end lines. Docker
  /// Compose prints these values as blocks, and can't read them again.
  private static func isMisreadAsBlock(_ text: String) -> Bool {
    let scalars = text.unicodeScalars
    if scalars.contains(where: { $0 == "\u{2028}" || $0 == "\u{2029}" }) { return true }
    let first = scalars.first { $0 != "\n" }
    return first == "\t" || first == " " && scalars.first == "\n"
  }

  /// The escape sequence of a character in double quotes; nil if it needs none.
  static func escaped(_ scalar: Unicode.Scalar) -> String? {
    switch scalar {
    case "\0": return "\\0"
    case "\u{7}": return "\\a"
    case "\u{8}": return "\\b"
    case "\t": return "\\t"
    case "\n": return "\\n"
    case "\u{B}": return "\\v"
    case "\u{C}": return "\\f"
    case "\r": return "\\r"
    case "\u{1B}": return "\\e"
    case "\"": return "\\\""
    case "\\": return "\\\\"
    case "\u{85}": return "\\N"
    case "\u{2028}": return "\\L"
    case "\u{2029}": return "\\P"
    default: break
    }
    guard !Analysis.isPrintable(scalar) else { return nil }
    if scalar.value <= 0xFF { return byteEscapes[Int(scalar.value)] }
    let (letter, width) = scalar.value <= 0xFFFF ? ("u", 4) : ("U", 8)
    return escape(letter, scalar.value, width)
  }

  /// The escapes of U+0000 to U+00FF. A file may consist of characters that need one.
  private static let byteEscapes = (0...0xFF).map { escape("x", $0, 2) }

  private static func escape(_ letter: String, _ value: UInt32, _ width: Int) -> String {
    let hex = String(value, radix: 16, uppercase: true)
    return "\\" + letter + String(repeating: "0", count: max(0, width - hex.count)) + hex
  }

  /// Words and numbers of YAML 1.1 that are strings in YAML 1.2.
  private static func isAmbiguous(_ text: String) -> Bool {
    switch text {
    case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off",
      "OFF", "<<":
      return true
    default: return isSexagesimal(text)
    }
  }

  /// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
  private static func isSexagesimal(_ text: String) -> Bool {
    guard text.utf8.contains(UInt8(ascii: ":")) else { return false }
    var rest = Substring(text)
    if rest.hasPrefix("+") || rest.hasPrefix("-") { rest = rest.dropFirst() }
    let (whole, fraction) = rest.split(".")
    if let fraction, !fraction.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: "_") }) {
      return false
    }
    let parts = whole.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count > 1, let first = parts[0].utf8.first, isDigit(first),
      parts[0].utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: "_") })
    else { return false }
    return parts.dropFirst().allSatisfy { part in
      let digits = Array(part.utf8)
      guard (1...2).contains(digits.count), digits.allSatisfy(isDigit) else { return false }
      return digits.count == 1 || digits[0] <= UInt8(ascii: "5")
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }

  /// The styles that the characters of a string allow.
  private struct Analysis {
    var isMultiline = false
    var allowsPlain = true
    var allowsSingle = true
    var allowsBlock = true

    init(_ text: String) {
      let scalars = Array(text.unicodeScalars)
      guard !scalars.isEmpty else {
        allowsBlock = false
        return
      }
      if text.hasPrefix("---") || text.hasPrefix("...") { allowsPlain = false }
      var afterSpace = false
      var afterBreak = false
      var beforeIsBlank = true
      for (index, scalar) in scalars.enumerated() {
        let nextIsBlank = index + 1 >= scalars.count || Self.isBlank(scalars[index + 1])
        if Self.isIndicator(
          scalar, isFirst: index == 0, afterBlank: beforeIsBlank, beforeBlank: nextIsBlank)
        {
          allowsPlain = false
        }
        if scalar == "\t" {
          (allowsPlain, allowsSingle) = (false, false)
        } else if !Self.isPrintable(scalar) {
          (allowsPlain, allowsSingle, allowsBlock) = (false, false, false)
        }
        let isEdge = index == 0 || index == scalars.count - 1
        if scalar == " " {
          if isEdge { allowsPlain = false }
          if index == scalars.count - 1 { allowsBlock = false }
          if afterBreak { (allowsPlain, allowsSingle) = (false, false) }
          (afterSpace, afterBreak) = (true, false)
        } else if Self.isBreak(scalar) {
          (isMultiline, allowsPlain) = (true, false)
          if afterSpace { (allowsSingle, allowsBlock) = (false, false) }
          (afterSpace, afterBreak) = (false, true)
        } else {
          (afterSpace, afterBreak) = (false, false)
        }
        beforeIsBlank = Self.isBlank(scalar) || Self.isBreak(scalar)
      }
    }

    private static func isIndicator(
      _ scalar: Unicode.Scalar, isFirst: Bool, afterBlank: Bool, beforeBlank: Bool
    ) -> Bool {
      switch scalar {
      case "#" where isFirst || afterBlank: true
      case ",", "[", "]", "{", "}", "&", "*", "!", "|", ">", "'", "\"", "%", "@", "`": isFirst
      case "?", "-": isFirst && beforeBlank
      case ":": beforeBlank
      default: false
      }
    }

    static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

    static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
      ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar)
    }

    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.value {
      case 0x0A, 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD: true
      default: false
      }
    }
  }
}

extension YAMLNode.Content {
  fileprivate var isString: Bool {
    if case .string = self { return true }
    return false
  }
}
