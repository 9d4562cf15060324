/// A number of bytes. The notation is that of Compose: `64m`, `1.5 GiB`, `1024`; units are powers
/// of 1024 and case-insensitive (Compose specification, "Specifying byte values").
package struct ByteSize: Sendable, Hashable, Comparable {
  /// Zero bytes.
  package static let zero = ByteSize(bytes: 0)

  /// The number of bytes.
  package var bytes: Int64

  /// Creates a size from a number of bytes.
  package init(bytes: Int64) { self.bytes = bytes }

  /// Parses a size; nil if the text isn't a size or doesn't fit into 64 bits. Only a number without
  /// a unit can be negative, such as `-1`.
  package init?(_ text: String) {
    if let plain = Int64(text) {
      self.init(bytes: plain)
      return
    }
    guard
      let last = text.lastIndex(where: { "0123456789. ".contains($0) })
    else { return nil }
    let number = text[last] == " " ? text[..<last] : text[...last]
    let suffix = text[text.index(after: last)...].lowercased()
    guard let count = Double(number), count >= 0, !number.contains("n"), !number.contains("x"),
      let factor = Self.factor(of: suffix), count * factor < 9.2e18
    else { return nil }
    self.init(bytes: Int64(count * factor))
  }

  /// Compares the numbers of bytes.
  package static func < (left: ByteSize, right: ByteSize) -> Bool { left.bytes < right.bytes }

  private static func factor(of suffix: String) -> Double? {
    switch suffix {
    case "", "b": 1
    case "k", "kb", "kib": 1024
    case "m", "mb", "mib": 1_048_576
    case "g", "gb", "gib": 1_073_741_824
    case "t", "tb", "tib": 1_099_511_627_776
    case "p", "pb", "pib": 1_125_899_906_842_624
    default: nil
    }
  }
}
