/// Sanitizes text for output. Names, label values and options can contain anything.
package enum Printable {
  /// Replaces control characters, so that the text can neither control a terminal nor look like
  /// several lines.
  ///
  /// - Parameters:
  ///   - text: any text.
  ///   - limit: the largest number of Unicode scalars that are kept.
  /// - Returns: the text, with U+FFFD for each control character, and with an ellipsis where it was
  ///   truncated.
  package static func text(_ text: String, limit: Int = 512) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(limit) {
      let isControl =
        scalar.value < 0x20 || 0x7f...0x9f ~= scalar.value
        || [0x200e, 0x200f, 0x2028, 0x2029].contains(scalar.value)
        || 0x202a...0x202e ~= scalar.value
        || 0x2066...0x2069 ~= scalar.value
      result.append(isControl ? "\u{fffd}" : scalar)
    }
    return String(result) + (text.unicodeScalars.count > limit ? "…" : "")
  }

  /// Joins the lines of a text into one line and sanitizes it like `text`.
  ///
  /// - Parameters:
  ///   - text: any text.
  ///   - limit: the largest number of Unicode scalars that are kept.
  /// - Returns: the line.
  package static func line(_ text: String, limit: Int = 65_536) -> String {
    self.text(
      text.split(whereSeparator: { $0.isNewline }).joined(separator: " "), limit: limit)
  }
}
