/// Byte sizes as Compose writes them: `64m`, `1.5 GiB`, `1024`; factors of 1024, case doesn't matter
/// (Compose specification, "Specifying byte values").
package enum ByteSize {
  /// Bytes; nil if the text is none or doesn't fit 64 bits. Negative only without a unit, as `-1`.
  package static func bytes(_ text: String) -> Int64? {
    if let plain = Int64(text) { return plain }
    guard
      let last = text.lastIndex(where: { "0123456789. ".contains($0) })
    else { return nil }
    let number = text[last] == " " ? text[..<last] : text[...last]
    let suffix = text[text.index(after: last)...].lowercased()
    guard let count = Double(number), count >= 0, !number.contains("n"), !number.contains("x")
    else {
      return nil
    }
    guard let factor = factor(of: suffix) else { return nil }
    let value = count * factor
    return value < 9.2e18 ? Int64(value) : nil
  }

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
