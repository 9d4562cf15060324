/// Durations in the notation of Compose: `1m30s`, `1.5h`, `10ms`; also `d` and `w` (Compose
/// specification, "Specifying durations").
package enum ComposeDuration {
  /// Parses a duration; nil if the text isn't one, or if its nanoseconds don't fit into 64 bits.
  package static func duration(_ text: String) -> Duration? {
    var rest = Substring(text)
    var isNegative = false
    if rest.hasPrefix("-") || rest.hasPrefix("+") {
      isNegative = rest.hasPrefix("-")
      rest = rest.dropFirst()
    }
    guard !rest.isEmpty else { return nil }
    if rest == "0" { return .zero }
    var total = 0.0
    var whole: Int64 = 0
    while !rest.isEmpty {
      let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      guard !number.isEmpty, number != "." else { return nil }
      rest = rest[number.endIndex...]
      let unit = rest.prefix { !($0.isASCII && ($0.isNumber || $0 == ".")) }
      rest = rest[unit.endIndex...]
      guard let factor = factor(of: unit) else { return nil }
      if let count = Int64(number) {
        let (product, overflow) = count.multipliedReportingOverflow(by: factor)
        let (sum, overflow2) = whole.addingReportingOverflow(product)
        guard !overflow, !overflow2 else { return nil }
        whole = sum
      } else {
        guard let count = Double(number) else { return nil }
        total += (count * Double(factor)).rounded()
      }
    }
    guard total < 9e18 else { return nil }
    let (sum, overflow) = whole.addingReportingOverflow(Int64(total))
    return overflow ? nil : .nanoseconds(isNegative ? -sum : sum)
  }

  /// The canonical text: `1h2m0s`, `1m30s`, `1.5s`, `10ms`, `0s`.
  static func text(_ duration: Duration) -> String {
    if duration == .zero { return "0s" }
    let sign = duration < .zero ? "-" : ""
    let value = duration.nanoseconds.magnitude
    if value < 1_000 { return "\(sign)\(value)ns" }
    if value < 1_000_000 { return sign + fraction(value, of: 1_000) + "µs" }
    if value < 1_000_000_000 { return sign + fraction(value, of: 1_000_000) + "ms" }
    let minutes = value / 60_000_000_000
    let seconds = fraction(value % 60_000_000_000, of: 1_000_000_000) + "s"
    if minutes == 0 { return sign + seconds }
    if minutes < 60 { return "\(sign)\(minutes)m\(seconds)" }
    return "\(sign)\(minutes / 60)h\(minutes % 60)m\(seconds)"
  }

  private static func factor(of unit: Substring) -> Int64? {
    switch unit {
    case "ns": 1
    case "us", "µs", "μs": 1_000
    case "ms": 1_000_000
    case "s": 1_000_000_000
    case "m": 60_000_000_000
    case "h": 3_600_000_000_000
    case "d": 86_400_000_000_000
    case "w": 604_800_000_000_000
    default: nil
    }
  }

  private static func fraction(_ value: UInt64, of unit: UInt64) -> String {
    let whole = String(value / unit)
    guard value % unit != 0 else { return whole }
    let digits = String(value % unit + unit).dropFirst()
    var text = whole + "." + digits
    while text.hasSuffix("0") { text.removeLast() }
    return text
  }
}

extension Duration {
  /// Whole nanoseconds, the unit of the Engine API; clamped to 64 bits.
  package var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflow2) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    return overflow || overflow2 ? (seconds < 0 ? .min : .max) : sum
  }

  /// Seconds, rounded up.
  package var secondsRoundedUp: Int64 {
    components.seconds + (components.attoseconds > 0 ? 1 : 0)
  }
}
