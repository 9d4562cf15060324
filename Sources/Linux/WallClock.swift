import Glibc

/// The time of day.
package enum WallClock {
  /// The current time in seconds since 1970.
  package static var seconds: Int64 { Int64(time(nil)) }

  /// A point in time in UTC, to the second (RFC 3339).
  ///
  /// - Parameter seconds: seconds since 1970.
  /// - Returns: text such as `2026-01-01T00:00:00Z`.
  package static func text(_ seconds: Int64) -> String {
    text(timespec(tv_sec: Int(seconds), tv_nsec: 0), withMilliseconds: false)
  }

  /// The current time in UTC, to the millisecond (RFC 3339).
  package static var now: String {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return text(time, withMilliseconds: true)
  }

  private static func text(_ time: timespec, withMilliseconds: Bool) -> String {
    var parts = tm()
    var seconds = time.tv_sec
    gmtime_r(&seconds, &parts)
    func digits(_ value: Int, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let date =
      "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
    let clock =
      "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))"
    if !withMilliseconds { return "\(date)T\(clock)Z" }
    return "\(date)T\(clock).\(digits(time.tv_nsec / 1_000_000, 3))Z"
  }
}
