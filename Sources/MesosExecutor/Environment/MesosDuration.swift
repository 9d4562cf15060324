extension Duration {
  /// Parses a duration in Mesos' format: a number, possibly with a fraction, and one of
  /// `ns us ms secs mins hrs days weeks` (stout's duration.hpp). The result is nil for any other
  /// text.
  package init?(mesos text: String) {
    let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
    guard let value = Double(digits),
      let unit = Self.mesosUnits[String(text.dropFirst(digits.count))]
    else { return nil }
    let seconds = value * unit
    // The range of an int64 of nanoseconds.
    guard seconds <= 9.2e9 else { return nil }
    self = .seconds(seconds)
  }

  private static let mesosUnits: [String: Double] = [
    "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "secs": 1, "mins": 60, "hrs": 3600, "days": 86400,
    "weeks": 604_800,
  ]
}
