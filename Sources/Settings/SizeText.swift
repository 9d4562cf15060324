/// Numbers of bytes in the notation of settings.
package enum SizeText {
  /// Parses a whole number with an optional unit: k, m or g, in powers of 1,024; without a unit it
  /// counts bytes.
  ///
  /// - Parameter text: The text.
  /// - Returns: The number of bytes; nil if the text isn't a size.
  package static func parse(_ text: String) -> Int64? {
    let factors: [Substring: Int64] = ["": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
    let digits = text.prefix { $0.isNumber }
    guard let number = Int64(digits), let factor = factors[text.dropFirst(digits.count)] else {
      return nil
    }
    let (bytes, overflows) = number.multipliedReportingOverflow(by: factor)
    return overflows ? nil : bytes
  }
}
