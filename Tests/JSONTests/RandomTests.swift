import Foundation
import JSON
import TestSupport
import Testing

@Suite("Random values and mutated texts", .timeLimit(.minutes(30)))
struct RandomTests {
  private static func value(_ random: inout SeededGenerator, depth: Int = 0) -> AnyValue {
    switch Int.random(in: 0..<(depth < 5 ? 10 : 7), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2: return .integer(.random(in: -1000...1000, using: &random))
    case 3: return .integer(.random(in: .min ... .max, using: &random))
    case 4: return .unsigned(.random(in: UInt64(Int64.max) + 1 ... .max, using: &random))
    case 5:
      let number = Double(bitPattern: .random(in: .min ... .max, using: &random))
      // Whole numbers are integers, as in the text.
      return number.isFinite && abs(number) < 1e15 && number != number.rounded()
        ? .double(number) : .null
    case 6: return .string(string(&random))
    case 7, 8:
      return .array(
        (0..<Int.random(in: 0...5, using: &random)).map { _ in value(&random, depth: depth + 1) })
    default:
      var object: [String: AnyValue] = [:]
      for _ in 0..<Int.random(in: 0...25, using: &random) {
        object[string(&random)] = value(&random, depth: depth + 1)
      }
      return .object(object)
    }
  }

  private static func string(_ random: inout SeededGenerator) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...12, using: &random) {
      let ranges: [ClosedRange<UInt32>] = [0...0x7F, 0x20...0x7E, 0x80...0xFFFF, 0...0x10FFFF]
      let range = ranges[Int.random(in: 0..<ranges.count, using: &random)]
      text.append(Unicode.Scalar(.random(in: range, using: &random)) ?? "\u{FFFD}")
    }
    return String(text)
  }

  @Test("both coders write the same text, and each reads the other's")
  func roundTrips() throws {
    var random = SeededGenerator(seed: .random(in: .min ... .max))
    let foundation = Foundation.JSONEncoder()
    foundation.outputFormatting = [.sortedKeys]
    let own = JSON.JSONEncoder()
    own.outputFormatting = [.sortedKeys]
    for _ in 0..<300 {
      let value = Self.value(&random)
      let json = try own.encode(value)
      #expect(json == Array(try foundation.encode(value)))
      #expect(try JSON.JSONDecoder().decode(AnyValue.self, from: json) == value)
      #expect(try Foundation.JSONDecoder().decode(AnyValue.self, from: Data(json)) == value)
      foundation.outputFormatting.formSymmetricDifference(.prettyPrinted)
      own.outputFormatting.formSymmetricDifference(.prettyPrinted)
    }
  }

  @Test("a mutated text is decoded or refused")
  func mutations() async {
    let texts = [
      #"{"a":[1,-2.5e3,true,null,"\u00e9\ud83d\ude00\n"],"b":{"c":{}},"":"x","d":18446744073709551615}"#,
      #"[[[[{"a":{"a":{"a":[]}}}]]],0.1,"\\\"\/\b\f\r\t",false]"#,
    ]
    let report = await Fuzz.drive(
      "JSON", texts.map { Array($0.utf8) },
      words: ["{", "}", "[", "]", "\"", "\\u", "\\ud800", "1e999", "-", ".", ",", ":", "null"],
      rounds: Fuzz.rounds * 20, isOwn: { $0 is DecodingError }
    ) { bytes, _ in
      let value = try JSON.JSONDecoder().decode(AnyValue.self, from: bytes)
      // A decoded value can be encoded and decoded again.
      let json = try JSON.JSONEncoder().encode(value)
      _ = try JSON.JSONDecoder().decode(AnyValue.self, from: json)
      return true
    }
    print(report)
    #expect(report.isSound)
  }

  struct Ignored: Decodable {
    init(from decoder: any Decoder) {}
  }

  @Test(
    "512 nested arrays or objects are accepted, more are refused, without deep recursion",
    arguments: ["[", "{\"a\":"])
  func depth(opening: String) throws {
    let closing = opening == "[" ? "]" : "}"
    func text(_ levels: Int) -> [UInt8] {
      let inside = opening == "[" ? "" : "1"
      return Array(
        (String(repeating: opening, count: levels) + inside
          + String(repeating: closing, count: levels)).utf8)
    }
    _ = try JSON.JSONDecoder().decode(Ignored.self, from: text(512))
    for levels in [513, 100_000] {
      #expect(throws: DecodingError.self) {
        try JSON.JSONDecoder().decode(Ignored.self, from: text(levels))
      }
    }
    #expect(throws: DecodingError.self) {
      try JSON.JSONDecoder().decode(
        Ignored.self, from: Array(String(repeating: opening, count: 1_000_000).utf8))
    }
  }

  @Test("the time for a large object is proportional to its size")
  func size() throws {
    func text(_ members: Int) -> [UInt8] {
      Array("{\((0..<members).map { "\"name\($0)\":\"value\"" }.joined(separator: ","))}".utf8)
    }
    func time(_ members: Int) throws -> Duration {
      let json = text(members)
      return try ContinuousClock().measure {
        let value = try JSON.JSONDecoder().decode([String: String].self, from: json)
        #expect(value.count == members)
      }
    }
    _ = try time(1000)
    let small = try time(10_000)
    // The shortest of several measurements has the least of other work in it.
    let measurements = try (0..<3).map { _ in try time(100_000) }
    let large = try #require(measurements.min())
    // Quadratic time would take about a hundred times as long.
    #expect(large < small * 60 + .seconds(5))
  }
}
