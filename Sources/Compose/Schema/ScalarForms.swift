/// The accepted forms of a whole number.
struct IntegerRule: Sendable {
  /// True to accept a number with a fraction, which is truncated.
  var takesFractions = false
  /// True to accept a string that contains a number.
  var takesText = true
  /// The minimum.
  var least = Int64.min
  /// The maximum.
  var most = Int64.max
  /// True to accept a whole number in decimal notation, such as `1.0`.
  var takesDecimals = true
  /// The number of low-order bits that are kept, as in Docker Compose.
  var bits = 64
  /// The treatment of numbers that don't fit into 64 bits.
  var overflow = Overflow.refused

  /// The treatment of numbers that are too large.
  enum Overflow: Sendable {
    /// They are refused.
    case refused
    /// They wrap to a negative number, as in Docker Compose.
    case signed
    /// They are kept as unsigned 64-bit numbers.
    case unsigned
  }

  /// A whole number, or a string with one.
  static let plain = IntegerRule()
  /// A number, or a string with one.
  static let rounded = IntegerRule(takesFractions: true, overflow: .signed)
  /// A non-negative number, or a string with one.
  static let count = IntegerRule(takesFractions: true, least: 0, overflow: .unsigned)
  /// A non-negative whole number, or a string with one.
  static let wholeCount = IntegerRule(least: 0, overflow: .unsigned)
  /// A whole number, not a string.
  static let whole = IntegerRule(takesText: false, overflow: .signed)
  /// The permissions of a directory, not a string.
  static let fileMode = IntegerRule(
    takesFractions: true, takesText: false, least: 0, bits: 32, overflow: .unsigned)
  /// A number, not a string.
  static let untexted = IntegerRule(
    takesFractions: true, takesText: false, overflow: .signed)
  /// A whole number without a decimal point, or a string with one.
  static let strict = IntegerRule(takesDecimals: false)
  /// A whole number without a decimal point, not a string.
  static let strictNumber = IntegerRule(takesText: false, takesDecimals: false)
  /// A port.
  static let port = IntegerRule(least: 0, bits: 32, overflow: .unsigned)

  /// A whole number in a range, or a string with one.
  static func within(_ range: ClosedRange<Int64>) -> IntegerRule {
    IntegerRule(least: range.lowerBound, most: range.upperBound)
  }
}

/// The accepted forms of a byte size.
enum ByteForms: Sendable {
  /// A number, which counts as 0 in decimal notation, or a string.
  case numberOrText
  /// A whole number, which counts as 0 in decimal notation, or a string.
  case wholeOrText
  /// A non-negative whole number, which counts as 0 in decimal notation, or a string.
  case countOrText
  /// A string.
  case text
}

/// A condition for strings.
struct Pattern: Sendable {
  /// The accepted strings, for messages.
  let wanted: String
  /// True if a string is accepted.
  let accepts: @Sendable (String) -> Bool
}
