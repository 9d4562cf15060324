import Foundation
import JSON
import Testing

@Suite("The JSON encoder, compared with Foundation's")
struct EncodingTests {
  struct Optionals: Encodable {
    var b: Int?
    var a = [true, false]
    var c: Int?? = .some(nil)
    var d = ["k/l": ["z": 1, "y": 2]]
  }
  struct Nothing: Encodable {
    func encode(to encoder: any Encoder) throws {}
  }

  /// Compares in each format, or only in sorted formats where Foundation's order of members is
  /// undefined.
  private func compare(_ value: some Encodable, sorted: Bool = false) {
    func text(_ encode: () throws -> [UInt8]) -> String {
      do { return String(decoding: try encode(), as: UTF8.self) } catch { return "refused" }
    }
    for pretty in [false, true] {
      for slashes in [false, true] {
        for sorts in sorted ? [true] : [false, true] {
          let foundation = Foundation.JSONEncoder()
          let own = JSON.JSONEncoder()
          if pretty {
            foundation.outputFormatting.insert(.prettyPrinted)
            own.outputFormatting.insert(.prettyPrinted)
          }
          if slashes {
            foundation.outputFormatting.insert(.withoutEscapingSlashes)
            own.outputFormatting.insert(.withoutEscapingSlashes)
          }
          if sorts {
            foundation.outputFormatting.insert(.sortedKeys)
            own.outputFormatting.insert(.sortedKeys)
          }
          #expect(text { try own.encode(value) } == text { Array(try foundation.encode(value)) })
        }
      }
    }
  }

  @Test("sorts names by their bytes")
  func names() {
    compare(
      [
        "a1": 1, "a10": 2, "a2": 3, "B": 4, "_": 5, "é": 6, "e": 7, "z": 8, "A": 9, "": 10,
        "a-b": 11, "a.b": 12, "aa": 13,
        "\u{10000}": 14, "\u{FFFD}": 15, "a/b": 16, "\"": 17,
      ], sorted: true)
    compare([2: "b", 10: "a"], sorted: true)
  }

  @Test("writes the same strings: escapes, control characters, slashes, all of Unicode")
  func strings() {
    compare(String(String.UnicodeScalarView((0..<0x100).compactMap { Unicode.Scalar($0) })))
    compare(["x/y", "\u{2028}\u{2029}\u{FEFF}\u{10FFFF}e\u{301}\r\n", ""])
  }

  @Test("writes the same numbers, and refuses those that JSON can't represent")
  func numbers() {
    compare(
      [
        1, 1.5, 1e100, 1e16, 123_456_789_012_345_680, 1e15, 0.1, -0.0, .leastNonzeroMagnitude, 1e-5,
        1e22, 1e21,
        100_000,
        1.7976931348623157e308, 0.30000000000000004,
      ] as [Double])
    compare([1, 1.5, 1e10, 16_777_216, 0.1, -0.0, 1e-5, 3.4e38] as [Float])
    compare([Double.infinity])
    compare([Double.nan])
    compare(["a": -Float.infinity])
    compare([UInt64.max])
    compare([Int64.min, .max])
    compare([Int8.min])
    compare([true, false])
  }

  @Test("writes the same single, empty and missing values")
  func shapes() {
    compare("x")
    compare(1)
    compare(true)
    compare(Int?.none)
    compare([Int?.none, 1])
    compare([Int]())
    compare([String: Int]())
    compare([[Int]()])
    compare(["a": [String: Int]()])
    compare(Nothing())
    compare([Nothing()])
    compare(["a": Nothing()])
    compare(Optionals(), sorted: true)
    compare(Optionals(b: 1), sorted: true)
  }

  @Test("keeps the order in which members were encoded if it doesn't sort")
  func order() throws {
    struct Members: Encodable {
      let z = 1
      let a = 2
      let m = [3]
    }
    #expect(
      String(decoding: try JSON.JSONEncoder().encode(Members()), as: UTF8.self)
        == #"{"z":1,"a":2,"m":[3]}"#)
  }
}
