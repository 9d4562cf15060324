/// The exact integer value of a JSON number.
struct JSONInteger {
  var isNegative = false
  var magnitude: UInt64 = 0

  /// Parses a number of the grammar: `12`, `-12`, `12.0` and `1.2e1`; nil if it isn't whole or its
  /// magnitude exceeds 64 bits.
  init?(_ text: ArraySlice<UInt8>) {
    guard !readDigits(text) else { return }
    (isNegative, magnitude) = (false, 0)
    var digits: [UInt8] = []
    var exponent = 0
    var isBehindPoint = false
    var index = text.startIndex
    scan: while index < text.endIndex {
      let byte = text[index]
      index += 1
      switch byte {
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "."): isBehindPoint = true
      case UInt8(ascii: "e"), UInt8(ascii: "E"):
        exponent += Self.exponent(text[index...])
        break scan
      default:
        if isBehindPoint { exponent -= 1 }
        digits.append(byte - UInt8(ascii: "0"))
      }
    }
    while digits.last == 0 {
      digits.removeLast()
      exponent += 1
    }
    if digits.isEmpty { return }
    guard 0..<20 ~= exponent else { return nil }
    for digit in digits + Array(repeating: 0, count: exponent) {
      let (product, isTooLarge) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, isTooLargeNow) = product.addingReportingOverflow(UInt64(digit))
      if isTooLarge || isTooLargeNow { return nil }
      magnitude = sum
    }
  }

  /// Parses a number without fraction and exponent that is too short to overflow; false for others.
  private mutating func readDigits(_ text: ArraySlice<UInt8>) -> Bool {
    guard text.count < 19 else { return false }
    for byte in text {
      switch byte {
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        magnitude = magnitude * 10 + UInt64(byte - UInt8(ascii: "0"))
      default: return false
      }
    }
    return true
  }

  /// An exponent, clamped far above the exponent of any number that fits into 64 bits.
  private static func exponent(_ text: ArraySlice<UInt8>) -> Int {
    var value = 0
    for byte in text where UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte {
      value = min(value * 10 + Int(byte - UInt8(ascii: "0")), 1 << 40)
    }
    return text.first == UInt8(ascii: "-") ? -value : value
  }

  /// The number as a type; nil if it doesn't fit.
  func value<T: FixedWidthInteger>(as type: T.Type) -> T? {
    guard isNegative, magnitude > 0 else { return T(exactly: magnitude) }
    return magnitude == 1 << 63
      ? T(exactly: Int64.min) : Int64(exactly: magnitude).flatMap { T(exactly: -$0) }
  }
}
