import Compose
import Glibc

/// Times of logs, in nanoseconds since 1970.
enum LogTime {
  /// Parses the value of `--since` or `--until` like `docker compose logs`: a duration before now
  /// (`10m`, `1h30m`), a date or time (RFC 3339; local time without a zone), or seconds since 1970.
  ///
  /// - Parameters:
  ///   - text: the value.
  ///   - now: the current time.
  /// - Returns: the time; nil for an invalid value.
  static func option(_ text: String, now: Int64) -> Int64? {
    // Durations in Go have neither days nor weeks.
    if text != "0", !text.contains("d"), !text.contains("w"),
      let duration = ComposeDuration.duration(text)
    {
      let (moment, overflow) = now.subtractingReportingOverflow(duration.nanoseconds)
      return overflow ? nil : moment
    }
    return text.contains("-") ? date(Array(text.utf8)) : seconds(text)
  }

  /// The time in the format of the Engine API: seconds with nine decimals.
  static func text(_ moment: Int64) -> String {
    let (seconds, rest) = max(moment, 0).quotientAndRemainder(dividingBy: 1_000_000_000)
    return "\(seconds)." + String(rest + 1_000_000_000).dropFirst()
  }

  static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  private static func seconds(_ text: String) -> Int64? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, whole.utf8.allSatisfy({ 48...57 ~= $0 }),
      let seconds = Int64(whole), seconds < 9_000_000_000
    else { return nil }
    guard parts.count == 2 else { return seconds * 1_000_000_000 }
    let digits = parts[1].prefix(9)
    guard !digits.isEmpty, digits.utf8.allSatisfy({ 48...57 ~= $0 }),
      let fraction = Int64(digits + String(repeating: "0", count: 9 - digits.count))
    else { return nil }
    return seconds * 1_000_000_000 + fraction
  }

  /// Parses a time of RFC 3339. Missing parts at its end are zero, and without a zone it is local
  /// time.
  ///
  /// - Parameter text: the time, without further text.
  /// - Returns: the time; nil for an invalid text.
  static func date(_ text: some RandomAccessCollection<UInt8>) -> Int64? {
    var reader = Reader(text)
    guard let year = reader.number(4), reader.skip("-"), let month = reader.number(2),
      reader.skip("-"), let day = reader.number(2), 1...12 ~= month,
      1...length(ofMonth: month, year) ~= day
    else { return nil }
    var time: [Int64] = [0, 0, 0]
    var fraction: Int64 = 0
    if reader.skip("T") {
      for index in 0..<3 {
        if index > 0, !reader.skip(":") { break }
        guard let part = reader.number(2), part < (index == 0 ? 24 : 60) else { return nil }
        time[index] = part
      }
      if reader.skip(".") {
        guard let read = reader.fraction() else { return nil }
        fraction = read
      }
    }
    var zone: Int64?
    if reader.skip("Z") || reader.skip("z") {
      zone = 0
    } else if !reader.isAtEnd {
      let isEast = reader.skip("+")
      guard isEast || reader.skip("-"), let hours = reader.number(2), reader.skip(":"),
        let minutes = reader.number(2), hours < 24, minutes < 60
      else { return nil }
      zone = (isEast ? 1 : -1) * (hours * 3600 + minutes * 60)
    }
    guard reader.isAtEnd, 1678...2261 ~= year else { return nil }
    let seconds: Int64
    if let zone {
      seconds =
        days(year, month, day) * 86_400 + time[0] * 3600 + time[1] * 60 + time[2] - zone
    } else {
      var parts = tm()
      (parts.tm_year, parts.tm_mon, parts.tm_mday) = (
        Int32(year - 1900), Int32(month - 1), Int32(day)
      )
      (parts.tm_hour, parts.tm_min, parts.tm_sec) = (Int32(time[0]), Int32(time[1]), Int32(time[2]))
      parts.tm_isdst = -1
      seconds = Int64(mktime(&parts))
    }
    return seconds * 1_000_000_000 + fraction
  }

  /// The number of days of a month.
  private static func length(ofMonth month: Int64, _ year: Int64) -> Int64 {
    if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
    return [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  /// The number of days from 1970 to a date of the Gregorian calendar.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    // The year begins in March here, so that the leap day is its last day.
    let year = month <= 2 ? year - 1 : year
    let era = year / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private struct Reader<Text: RandomAccessCollection<UInt8>> {
    private let text: Text
    private var position: Text.Index

    init(_ text: Text) { (self.text, position) = (text, text.startIndex) }

    var isAtEnd: Bool { position == text.endIndex }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
      guard !isAtEnd, text[position] == UInt8(ascii: character) else { return false }
      text.formIndex(after: &position)
      return true
    }

    mutating func digit() -> Int64? {
      guard !isAtEnd, 48...57 ~= text[position] else { return nil }
      defer { text.formIndex(after: &position) }
      return Int64(text[position] - 48)
    }

    mutating func number(_ digits: Int) -> Int64? {
      var number: Int64 = 0
      for _ in 0..<digits {
        guard let digit = digit() else { return nil }
        number = number * 10 + digit
      }
      return number
    }

    /// Nanoseconds from the decimals of a second.
    mutating func fraction() -> Int64? {
      var (number, unit) = (Int64(0), Int64(100_000_000))
      guard var digit = digit() else { return nil }
      while true {
        number += digit * unit
        unit /= 10
        guard let next = self.digit() else { return number }
        digit = next
      }
    }
  }
}
