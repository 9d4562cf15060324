import Glibc

/// Parses points in time in the Docker Engine's format (RFC 3339).
package enum RFC3339 {
  /// Parses a point in time such as `2026-01-02T03:04:05.678901234Z` or `…+01:00`.
  ///
  /// - Parameter text: a `date-time` of RFC 3339, section 5.6. A leap second is read as the first
  ///   second of the next minute.
  /// - Returns: seconds since 1970 in UTC; nil if the text is malformed.
  package static func secondsSince1970(_ text: String) -> Double? {
    var rest = Array(text.utf8)[...]
    func digits(_ count: Int, _ range: ClosedRange<Int32>) -> Int32? {
      guard rest.count >= count else { return nil }
      var value: Int32 = 0
      for byte in rest.prefix(count) {
        guard 0x30...0x39 ~= byte else { return nil }
        value = value * 10 + Int32(byte - 0x30)
      }
      rest = rest.dropFirst(count)
      return range ~= value ? value : nil
    }
    func next(_ marks: StaticString...) -> Bool {
      guard let first = rest.first else { return false }
      rest = rest.dropFirst()
      return marks.contains { $0.utf8Start.pointee == first }
    }
    guard let year = digits(4, 0...9999), next("-"), let month = digits(2, 1...12), next("-"),
      let day = digits(2, 1...31), next("T", "t", " "), let hour = digits(2, 0...23), next(":"),
      let minute = digits(2, 0...59), next(":"), let second = digits(2, 0...60)
    else { return nil }
    var fraction = 0.0
    if rest.first == 0x2e {
      let decimals = rest.dropFirst().prefix { 0x30...0x39 ~= $0 }
      guard !decimals.isEmpty else { return nil }
      for byte in decimals.prefix(18).reversed() {
        fraction = (fraction + Double(byte - 0x30)) / 10
      }
      rest = rest.dropFirst(1 + decimals.count)
    }
    var offset: Int32 = 0
    switch rest.first {
    case 0x5a, 0x7a: rest = rest.dropFirst()
    case 0x2b, 0x2d:
      let sign: Int32 = rest.removeFirst() == 0x2b ? 1 : -1
      guard let hours = digits(2, 0...23), next(":"), let minutes = digits(2, 0...59) else {
        return nil
      }
      offset = sign * (hours * 3600 + minutes * 60)
    default: return nil
    }
    guard rest.isEmpty else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, month - 1, day)
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (hour, minute, second)
    let seconds = timegm(&parts)
    // timegm(3) normalizes a day that the month doesn't have to another date.
    guard parts.tm_mday == day || second == 60 else { return nil }
    return Double(seconds) - Double(offset) + fraction
  }
}
