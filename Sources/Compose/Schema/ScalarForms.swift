/// What a whole number may be.
struct WholeNumber: Sendable {
  /// True to take a number with a fraction, which loses it.
  var takesFractions = false
  /// True to take a string that spells one.
  var takesText = true
  /// The least that is allowed.
  var least = Int64.min
  /// The most that is allowed.
  var most = Int64.max
  /// True to keep the lowest 16 bits alone, as Docker Compose does.
  var wraps = false

  /// A whole number or its text.
  static let plain = WholeNumber()
  /// A number or its text.
  static let rounded = WholeNumber(takesFractions: true)
  /// A number or its text, not below zero.
  static let count = WholeNumber(takesFractions: true, least: 0)
  /// A whole number or its text, not below zero.
  static let wholeCount = WholeNumber(least: 0)
  /// A whole number, never a text.
  static let whole = WholeNumber(takesText: false)
  /// The permissions of a folder, never a text.
  static let fileMode = WholeNumber(takesFractions: true, takesText: false, least: 0)
  /// A number, never a text.
  static let untexted = WholeNumber(takesFractions: true, takesText: false)

  /// A whole number or its text within bounds.
  static func within(_ range: ClosedRange<Int64>) -> WholeNumber {
    WholeNumber(least: range.lowerBound, most: range.upperBound)
  }
}

/// How a byte size may be written.
enum ByteForms: Sendable {
  /// As a number, which counts as nothing where it has a fraction, or as a string.
  case numberOrText
  /// As a whole number or as a string.
  case wholeOrText
  /// As a whole number that isn't negative, or as a string.
  case countOrText
  /// As a string alone.
  case text
}

/// A test for strings.
struct Pattern: Sendable {
  /// What a message says is wanted.
  let wanted: String
  /// True for a string that is taken.
  let accepts: @Sendable (String) -> Bool
}
