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
  /// True to take a number that has no fraction but is written with one.
  var takesDecimals = true
  /// How many of its lowest bits alone are kept, as Docker Compose does.
  var bits = 64
  /// What becomes of a number that has no place in 64 bits.
  var overflow = Overflow.refused

  /// What becomes of numbers that are too large.
  enum Overflow: Sendable {
    /// They are refused.
    case refused
    /// They turn negative, as with Docker Compose.
    case signed
    /// They are kept up to twice the size.
    case unsigned
  }

  /// A whole number or its text.
  static let plain = WholeNumber()
  /// A number or its text.
  static let rounded = WholeNumber(takesFractions: true, overflow: .signed)
  /// A number or its text, not below zero.
  static let count = WholeNumber(takesFractions: true, least: 0, overflow: .unsigned)
  /// A whole number or its text, not below zero.
  static let wholeCount = WholeNumber(least: 0, overflow: .unsigned)
  /// A whole number, never a text.
  static let whole = WholeNumber(takesText: false, overflow: .signed)
  /// The permissions of a folder, never a text.
  static let fileMode = WholeNumber(
    takesFractions: true, takesText: false, least: 0, bits: 32, overflow: .unsigned)
  /// A number, never a text.
  static let untexted = WholeNumber(
    takesFractions: true, takesText: false, overflow: .signed)
  /// A whole number written as one, or its text.
  static let strict = WholeNumber(takesDecimals: false)
  /// A whole number written as one, never a text.
  static let strictNumber = WholeNumber(takesText: false, takesDecimals: false)
  /// A port.
  static let port = WholeNumber(least: 0, bits: 32, overflow: .unsigned)

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
