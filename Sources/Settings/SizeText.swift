/// Numbers of bytes as people write them.
public enum SizeText {
  /// Reads a whole number and a unit: k, m or g, each 1,024 of the one before; without one it counts bytes.
  ///
  /// - Parameter text: the text.
  /// - Returns: the bytes; nil for what is none.
  public static func parse(_ text: String) -> Int64? {
    let factors: [Substring: Int64] = ["": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
    let digits = text.prefix { $0.isNumber }
    guard let number = Int64(digits), let factor = factors[text.dropFirst(digits.count)] else {
      return nil
    }
    let (bytes, overflows) = number.multipliedReportingOverflow(by: factor)
    return overflows ? nil : bytes
  }
}
