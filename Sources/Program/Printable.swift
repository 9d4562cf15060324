/// Names, label values and options are data that anybody could have written.
public enum Printable {
  /// The text without control characters, so that it can't steer a terminal or look like several
  /// lines.
  ///
  /// - Parameters:
  ///   - text: anything.
  ///   - limit: how many Unicode scalars are kept.
  /// - Returns: the text, each control character as U+FFFD, with an ellipsis where it was cut.
  public static func text(_ text: String, limit: Int = 512) -> String {
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

  /// The same of a text of several lines, which become one.
  ///
  /// - Parameters:
  ///   - text: anything.
  ///   - limit: how many Unicode scalars are kept.
  /// - Returns: the line.
  public static func line(_ text: String, limit: Int = 65_536) -> String {
    self.text(
      text.split(whereSeparator: { $0.isNewline }).joined(separator: " "), limit: limit)
  }
}
