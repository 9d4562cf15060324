/// Splits a command line into words as Docker Compose does: it parses quotes, backslashes, `$( )`
/// and backquotes; variables and substitutions are left to the container's shell.
struct ShellWords {
  private(set) var words: [String] = []
  /// The `;`, `&`, `|`, `<` or `>` outside quotes at which Compose stops parsing, if there is one.
  private(set) var stoppedAt: Character?

  private var word = ""
  private var hasWord = false
  private var isEscaped = false
  private var quote: Character?

  /// Splits a line; nil if a quote or a parenthesis is not closed.
  init?(_ line: String) {
    for character in line {
      guard take(character) else { return nil }
      if stoppedAt != nil { break }
    }
    end()
    if isEscaped || quote != nil { return nil }
  }

  /// Processes a character; false if the line can't be split.
  private mutating func take(_ character: Character) -> Bool {
    if isEscaped {
      word.append(character == "t" ? "\t" : character == "n" ? "\n" : character)
      (isEscaped, hasWord) = (false, true)
      return true
    }
    if character == "\\" {
      if quote == "'" { word.append(character) } else { isEscaped = true }
      return true
    }
    if character == " " || character == "\t" || character == "\r" || character == "\n"
      || character == "\r\n"
    {
      if quote != nil { word.append(character) } else { end() }
      return true
    }
    switch (character, quote) {
    case ("`", nil): quote = "`"
    case ("`", "`"): quote = nil
    case (")", nil): return false
    case (")", "("):
      word.append(")")
      (quote, hasWord) = (nil, true)
      return true
    case ("(", nil):
      guard word.hasSuffix("$") else { return false }
      quote = "("
      word.append("(")
      return true
    case ("(", "("): return false
    case ("\"", nil), ("'", nil), ("\"", "`"), ("'", "`"):
      quote = character
      return true
    case ("\"", "\""), ("'", "'"):
      (quote, hasWord) = (nil, true)
      return true
    case (";", nil), ("&", nil), ("|", nil), ("<", nil), (">", nil):
      if character == ">", let first = word.first, first.isASCII, first.isNumber { hasWord = false }
      stoppedAt = character
      return true
    default: break
    }
    word.append(character)
    hasWord = true
    return true
  }

  private mutating func end() {
    if hasWord { words.append(word) }
    (word, hasWord) = ("", false)
  }
}
