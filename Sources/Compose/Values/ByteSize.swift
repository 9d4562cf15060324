/// A number of bytes. Texts are as Compose writes them: `64m`, `1.5 GiB`, `1024`; factors of 1024,
/// case doesn't matter (Compose specification, "Specifying byte values").
public struct ByteSize: Sendable, Hashable, Comparable {
  /// Nothing.
  public static let zero = ByteSize(bytes: 0)

  /// The bytes.
  public var bytes: Int64

  /// So many bytes.
  public init(bytes: Int64) { self.bytes = bytes }

  /// Reads a size; nil if the text is none or doesn't fit 64 bits. Negative only without a unit,
  /// as `-1`.
  public init?(_ text: String) {
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

  /// The lesser is that of fewer bytes.
  public static func < (left: ByteSize, right: ByteSize) -> Bool { left.bytes < right.bytes }

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
