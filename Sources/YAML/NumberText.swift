/// Numbers in the notation of Docker Compose: the shortest text that parses to the same number.
package enum NumberText {
  /// Uses an exponent below 1e-4 and from 1e+06 on.
  package static func general(_ value: Double) -> String {
    special(value) ?? general(Digits(value.description), isNegative: value.sign == .minus)
  }

  /// The same notation for single precision.
  package static func general(_ value: Float) -> String {
    special(Double(value)) ?? general(Digits(value.description), isNegative: value.sign == .minus)
  }

  /// The notation of JSON: an exponent below 1e-6 and from 1e+21 on.
  package static func json(_ value: Double) -> String {
    json(Digits(value.description), isNegative: value.sign == .minus)
  }

  /// The notation of JSON for single precision.
  package static func json(_ value: Float) -> String {
    json(Digits(value.description), isNegative: value.sign == .minus)
  }

  /// The notation of YAML: like `general`, with `.inf` and `.nan`.
  package static func yaml(_ value: Double) -> String {
    if value.isNaN { return ".nan" }
    if value.isInfinite { return value < 0 ? "-.inf" : ".inf" }
    return general(value)
  }

  private static func special(_ value: Double) -> String? {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return nil
  }

  private static func general(_ number: Digits, isNegative: Bool) -> String {
    let exponent = number.point - 1
    let sign = isNegative ? "-" : ""
    if !number.isZero, exponent < -4 || exponent >= 6 {
      return sign + number.scientific(exponentDigits: 2)
    }
    return sign + number.plain
  }

  private static func json(_ number: Digits, isNegative: Bool) -> String {
    let exponent = number.point - 1
    let sign = isNegative ? "-" : ""
    if !number.isZero, exponent < -6 || exponent >= 21 {
      return sign + number.scientific(exponentDigits: 1)
    }
    return sign + number.plain
  }

  /// The significant digits of a number and the position of its point: `0.DIGITS * 10^point`.
  private struct Digits {
    var digits: [UInt8]
    var point: Int

    init(_ description: String) {
      digits = []
      point = 0
      var seenPoint = false
      var exponent = 0
      var rest = Substring(description)
      if rest.hasPrefix("-") { rest = rest.dropFirst() }
      if let mark = rest.firstIndex(of: "e") {
        exponent = Int(rest[rest.index(after: mark)...]) ?? 0
        rest = rest[..<mark]
      }
      for byte in rest.utf8 {
        if byte == UInt8(ascii: ".") {
          seenPoint = true
        } else {
          if digits.isEmpty, byte == UInt8(ascii: "0") {
            if seenPoint { point -= 1 }
            continue
          }
          digits.append(byte)
          if !seenPoint { point += 1 }
        }
      }
      while digits.last == UInt8(ascii: "0") { digits.removeLast() }
      point += exponent
      if digits.isEmpty { (digits, point) = ([UInt8(ascii: "0")], 1) }
    }

    var isZero: Bool { digits == [UInt8(ascii: "0")] }

    var plain: String {
      let text = String(decoding: digits, as: UTF8.self)
      if point <= 0 { return "0." + String(repeating: "0", count: -point) + text }
      if point >= digits.count { return text + String(repeating: "0", count: point - digits.count) }
      return String(decoding: digits[..<point], as: UTF8.self) + "."
        + String(decoding: digits[point...], as: UTF8.self)
    }

    func scientific(exponentDigits: Int) -> String {
      var text = String(decoding: digits[..<1], as: UTF8.self)
      if digits.count > 1 { text += "." + String(decoding: digits[1...], as: UTF8.self) }
      let exponent = point - 1
      let magnitude = String(abs(exponent))
      return text + (exponent < 0 ? "e-" : "e+")
        + String(repeating: "0", count: max(0, exponentDigits - magnitude.count)) + magnitude
    }
  }
}
