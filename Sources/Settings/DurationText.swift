/// Durations in the notation of settings and of Mesos.
package enum DurationText {
  /// Parses a number and a unit: ns, us, ms, s or secs, m or mins, h or hrs, d or days, weeks.
  /// Fractions are allowed; a number without a unit is in seconds.
  ///
  /// - Parameter text: The text.
  /// - Returns: The duration; nil if the text isn't one.
  package static func parse(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isNumber || $0 == "." }
    guard let number = Double(digits), number.isFinite else { return nil }
    let units: [Substring: Double] = [
      "": 1, "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "sec": 1, "secs": 1, "m": 60, "min": 60,
      "mins": 60, "h": 3600, "hr": 3600, "hrs": 3600, "d": 86_400, "day": 86_400, "days": 86_400,
      "week": 604_800, "weeks": 604_800,
    ]
    guard let unit = units[text.dropFirst(digits.count)], number * unit < 1e9 else { return nil }
    return .seconds(number * unit)
  }
}
