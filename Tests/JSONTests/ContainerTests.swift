import Foundation
import JSON
import Testing

@Suite("Nested JSON containers")
struct ContainerTests {
  class Base: Codable {
    var name = "n"

    init() {}
    private enum CodingKeys: CodingKey { case name }
    required init(from decoder: any Decoder) throws {
      name = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .name)
    }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
    }
  }

  final class Derived: Base {
    private enum Keys: CodingKey { case list, map, number, shared }
    var list: [Int?] = [1, nil]
    var number: UInt8 = 7

    override init() { super.init() }
    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Keys.self)
      var elements = try container.nestedUnkeyedContainer(forKey: .list)
      list = []
      while !elements.isAtEnd {
        list.append(try elements.decodeNil() ? nil : elements.decode(Int.self))
      }
      let map = try container.nestedContainer(keyedBy: Keys.self, forKey: .map)
      number = try map.decode(UInt8.self, forKey: .number)
      try super.init(from: try container.superDecoder())
    }
    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      var elements = container.nestedUnkeyedContainer(forKey: .list)
      for element in list {
        if let element { try elements.encode(element) } else { try elements.encodeNil() }
      }
      var map = container.nestedContainer(keyedBy: Keys.self, forKey: .map)
      try map.encode(number, forKey: .number)
      try super.encode(to: container.superEncoder())
      try super.encode(to: container.superEncoder(forKey: .shared))
    }
  }

  @Test("of a class with a superclass round-trip as with Foundation")
  func classes() throws {
    let value = Derived()
    value.list = [3, nil, 4]
    let foundation = Foundation.JSONEncoder()
    foundation.outputFormatting = [.sortedKeys]
    let own = JSON.JSONEncoder()
    own.outputFormatting = [.sortedKeys]
    let json = try own.encode(value)
    #expect(
      String(decoding: json, as: UTF8.self)
        == String(decoding: try foundation.encode(value), as: UTF8.self))
    let read = try JSON.JSONDecoder().decode(Derived.self, from: json)
    #expect(read.list == [3, nil, 4] && read.number == 7 && read.name == "n")
  }

  /// Decodes an array element by element.
  struct Walk: Decodable {
    var words: [String] = []

    init(from decoder: any Decoder) throws {
      var elements = try decoder.unkeyedContainer()
      words.append("\(elements.count ?? -1)")
      do {
        words.append("\(try elements.decode(Int.self))")
      } catch {
        words.append("no Int at \(elements.currentIndex)")
      }
      words.append(try elements.decode(String.self))
      var inner = try elements.nestedUnkeyedContainer()
      words.append(
        "\(try inner.decode(Bool.self)) \(inner.isAtEnd) \(inner.codingPath.map(\.stringValue))")
      let map = try elements.nestedContainer(keyedBy: Key.self)
      words.append(
        "\(map.allKeys.map(\.stringValue).sorted()) \(try map.decodeNil(forKey: Key(stringValue: "a")))"
      )
      words.append("\(try elements.superDecoder().codingPath.map(\.stringValue))")
      words.append("\(elements.isAtEnd)")
      do {
        _ = try elements.decode(Int.self)
      } catch DecodingError.valueNotFound(_, let context) {
        words.append("\(context.codingPath.map(\.stringValue)) \(context.debugDescription)")
      }
    }

    struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { return nil }
    }
  }

  @Test("let an array be read element by element, and a failed element again")
  func walk() {
    let json = #"["x",[true],{"a":null,"b":1,"a":2},0]"#
    let (foundation, own) = outcomes(Walk.self, Array(json.utf8))
    #expect(own == foundation && own.isValue)
  }
}
