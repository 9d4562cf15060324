/// A value of a JSON text: where it is, and what its syntax says of it.
struct JSONNode: Sendable {
  enum Kind: UInt8 {
    case null, `false`, `true`, number, string, array, object
  }

  let kind: Kind
  /// Whether a string has no escapes, or a number neither fraction nor exponent.
  var isPlain = true
  /// Offset of its first byte; of a string, behind its quote.
  let start: UInt32
  /// Offset behind its last byte; of a string, its closing quote. Unused for arrays and objects.
  var end: UInt32 = 0
  /// Index of the node behind it and all that is inside of it.
  var next: UInt32
  /// Number of elements of an array, or members of an object.
  var count: UInt32 = 0
}

/// Why a text isn't JSON.
struct JSONSyntaxError: Error, CustomStringConvertible {
  let problem: String
  let offset: Int

  var description: String { "\(problem) at byte \(offset)" }
}
