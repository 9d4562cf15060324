/// A value of a JSON text: its location and its syntax.
struct JSONNode: Sendable {
  enum Kind: UInt8 {
    case null, `false`, `true`, number, string, array, object
  }

  let kind: Kind
  /// True for a string without escapes, and for a number without fraction and exponent.
  var isPlain = true
  /// The offset of the first byte; of a string, the byte after the opening quote.
  let start: UInt32
  /// The offset after the last byte; of a string, the closing quote. Unused for arrays and objects.
  var end: UInt32 = 0
  /// The index of the node that follows this one and all nodes inside it.
  var next: UInt32
  /// The number of elements of an array, or of members of an object.
  var count: UInt32 = 0
}

/// A syntax error.
struct JSONSyntaxError: Error, CustomStringConvertible {
  let problem: String
  let offset: Int

  var description: String { "\(problem) at byte \(offset)" }
}
