/// The type of a plain scalar: YAML 1.2's core schema with the additions of the YAML library that
/// Docker Compose uses (leading-zero octals, `_` between digits, dates; no YAML 1.1 booleans).
enum ScalarResolution {
  /// The maximum of a number in bytes: no number has so many digits, and its conversion takes time.
  static let longestNumber = 1024

  /// The typed value of a plain scalar.
  static func content(ofPlain text: String) -> YAMLNode.Content {
    guard let first = text.utf8.first else { return .null }
    if text.utf8.count > longestNumber { return .string(text) }
    switch first {
    case UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"),
      UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "~"):
      return word(text) ?? .string(text)
    case UInt8(ascii: "."):
      if let special = word(text) { return special }
      if isFloat(text), let value = Double(text), value.isFinite { return .decimal(value) }
      return .string(text)
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      if let special = word(text) { return special }
      return number(text)
    default:
      return .string(text)
    }
  }

  private static func word(_ text: String) -> YAMLNode.Content? {
    switch text {
    case "true", "True", "TRUE": .boolean(true)
    case "false", "False", "FALSE": .boolean(false)
    case "~", "null", "Null", "NULL": .null
    case ".nan", ".NaN", ".NAN": .decimal(.nan)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": .decimal(.infinity)
    case "-.inf", "-.Inf", "-.INF": .decimal(-.infinity)
    case "-0", "-0.0": .decimal(-0.0)
    default: nil
    }
  }

  private static func number(_ text: String) -> YAMLNode.Content {
    if let time = Timestamp.canonical(text) { return .timestamp(time) }
    let digits = text.contains("_") ? String(text.filter { $0 != "_" }) : text
    if let value = integer(digits) { return value }
    if isFloat(digits), let value = Double(digits), value.isFinite { return .decimal(value) }
    return .string(text)
  }

  private static func integer(_ text: String) -> YAMLNode.Content? {
    var rest = Substring(text)
    var isNegative = false
    if let sign = rest.first, sign == "+" || sign == "-" {
      isNegative = sign == "-"
      rest = rest.dropFirst()
    }
    var radix = 10
    if rest.first == "0", rest.count > 1 {
      switch rest.dropFirst().first {
      case "x", "X": (radix, rest) = (16, rest.dropFirst(2))
      case "o", "O": (radix, rest) = (8, rest.dropFirst(2))
      case "b", "B": (radix, rest) = (2, rest.dropFirst(2))
      default: (radix, rest) = (8, rest.dropFirst())
      }
    }
    guard let first = rest.first, first != "+", first != "-" else { return nil }
    guard let magnitude = UInt64(rest, radix: radix) else { return nil }
    if isNegative {
      guard magnitude <= UInt64(Int64.max) + 1 else { return nil }
      return .integer(Int64(truncatingIfNeeded: 0 &- magnitude))
    }
    return magnitude <= UInt64(Int64.max) ? .integer(Int64(magnitude)) : .unsigned(magnitude)
  }

  /// `[-+]? ( .digits | digits [. digits?] ) ( e [-+]? digits )?`
  static func isFloat(_ text: String) -> Bool {
    var bytes = Substring(text).utf8
    func digits() -> Int {
      let rest = bytes.drop { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
      defer { bytes = rest }
      return bytes.count - rest.count
    }
    if bytes.first == UInt8(ascii: "+") || bytes.first == UInt8(ascii: "-") {
      bytes = bytes.dropFirst()
    }
    let whole = digits()
    var fraction = 0
    if bytes.first == UInt8(ascii: ".") {
      bytes = bytes.dropFirst()
      fraction = digits()
    }
    guard whole > 0 || fraction > 0 else { return false }
    if bytes.first == UInt8(ascii: "e") || bytes.first == UInt8(ascii: "E") {
      bytes = bytes.dropFirst()
      if bytes.first == UInt8(ascii: "+") || bytes.first == UInt8(ascii: "-") {
        bytes = bytes.dropFirst()
      }
      guard digits() > 0 else { return false }
    }
    return bytes.isEmpty
  }
}

/// Dates and times of plain scalars.
enum Timestamp {
  /// The time in RFC 3339 notation with as many fractional digits as needed; nil if the text isn't
  /// a time.
  static func canonical(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 8, bytes[4] == UInt8(ascii: "-"),
      bytes[0..<4].allSatisfy({ $0 >= 48 && $0 <= 57 })
    else { return nil }
    var at = 0
    func number(_ most: Int) -> Int? {
      let start = at
      var value = 0
      while at < bytes.count, at - start < most, bytes[at] >= 48, bytes[at] <= 57 {
        value = value * 10 + Int(bytes[at] - 48)
        at += 1
      }
      return at > start ? value : nil
    }
    func skip(_ character: Character) -> Bool {
      guard at < bytes.count, bytes[at] == character.asciiValue else { return false }
      at += 1
      return true
    }
    guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2),
      (1...12).contains(month), day >= 1, day <= daysIn(month, of: year)
    else { return nil }
    let date = "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))"
    if at == bytes.count { return date + "T00:00:00Z" }
    let needsZone = bytes[at] != UInt8(ascii: " ")
    guard skip(" ") || skip("T") || skip("t") else { return nil }
    guard let hour = number(2), skip(":"), let minute = number(2), skip(":"),
      let second = number(2), hour < 24, minute < 60, second < 60
    else { return nil }
    var fraction = ""
    if skip(".") {
      let start = at
      while at < bytes.count, bytes[at] >= 48, bytes[at] <= 57 { at += 1 }
      guard at > start, at - start <= 9 else { return nil }
      fraction = String(decoding: bytes[start..<at], as: UTF8.self)
      while fraction.hasSuffix("0") { fraction.removeLast() }
      if !fraction.isEmpty { fraction = "." + fraction }
    }
    var zone = "Z"
    if needsZone, !skip("Z") {
      let isWest = at < bytes.count && bytes[at] == UInt8(ascii: "-")
      guard skip("+") || skip("-"), let hours = number(2), skip(":"), let minutes = number(2),
        hours < 24, minutes < 60
      else { return nil }
      if hours != 0 || minutes != 0 {
        zone = (isWest ? "-" : "+") + pad(hours, 2) + ":" + pad(minutes, 2)
      }
    }
    guard at == bytes.count else { return nil }
    return date + "T\(pad(hour, 2)):\(pad(minute, 2)):\(pad(second, 2))" + fraction + zone
  }

  /// A canonical time in the notation that Docker Compose uses for strings: `2020-01-01 00:00:00
  /// +0000 UTC`.
  static func spelledOut(_ canonical: String) -> String {
    let (date, time) = canonical.split("T")
    guard var time else { return canonical }
    var zone = "+0000 UTC"
    if time.hasSuffix("Z") {
      time.removeLast()
    } else {
      let offset = time.suffix(6).filter { $0 != ":" }
      zone = "\(offset) \(offset)"
      time.removeLast(6)
    }
    return "\(date) \(time) \(zone)"
  }

  private static func daysIn(_ month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func pad(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
