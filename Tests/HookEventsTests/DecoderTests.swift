import HookEvents
import TestSupport
import Testing

@Suite("The decoder of hook events")
struct DecoderTests {
  @Test("distinguishes an unknown version from a broken event")
  func versions() {
    var bytes = event(kind: 1, fields: [(1, [65]), (2, [66])])
    bytes[4] = 2
    #expect(throws: HookEvent.DecodingError.unknownVersion(2)) { try HookEvent.decode(bytes) }
    #expect(throws: HookEvent.DecodingError.unknownVersion(2)) {
      try HookEvent.decode(bytes.prefix(6))
    }
    #expect(throws: HookEvent.DecodingError.notAnEvent) { try HookEvent.decode(bytes.prefix(5)) }
    #expect(throws: HookEvent.DecodingError.notAnEvent) { try HookEvent.decode([UInt8]()) }
    #expect(throws: HookEvent.DecodingError.notAnEvent) {
      try HookEvent.decode(Array("CPHJ\u{1}\u{0}".utf8))
    }
  }

  @Test("skips unknown fields, and keeps the number of an unknown kind")
  func unknown() throws {
    let removed = event(kind: 2, fields: [(900, [1, 2, 3]), (4, [66]), (0, []), (3, [65])])
    #expect(try HookEvent.decode(removed).kind == .removed(framework: [65], executor: [66]))
    #expect(try HookEvent.decode(event(kind: 77, fields: [(5, [1])])).kind == .unknown(77))
  }

  @Test("refuses an event that is truncated or too long, or lacks or repeats a field")
  func broken() throws {
    let whole = event(kind: 1, fields: [(1, [65, 66, 67]), (2, [68])])
    for count in 0..<whole.count {
      #expect(throws: HookEvent.DecodingError.self) { try HookEvent.decode(whole.prefix(count)) }
    }
    #expect(throws: HookEvent.DecodingError.wrongLength(expected: 84, got: 85)) {
      try HookEvent.decode(whole + [0])
    }
    #expect(throws: HookEvent.DecodingError.missingField(tag: 2)) {
      try HookEvent.decode(event(kind: 1, fields: [(1, [])]))
    }
    #expect(throws: HookEvent.DecodingError.doubleField(tag: 1)) {
      try HookEvent.decode(event(kind: 1, fields: [(1, []), (2, []), (1, [])]))
    }
    var long = whole
    long[68] = 255
    #expect(throws: HookEvent.DecodingError.brokenField(at: 64)) { try HookEvent.decode(long) }
  }

  @Test("doesn't crash on a million mutated or invented events")
  func million() async {
    var random = SeededGenerator(for: "hook events")
    let models = [
      event(kind: 1, fields: [(1, [65, 66]), (2, [47, 115])]),
      event(kind: 2, fields: [(3, [70]), (4, []), (9, [1, 2])]),
      event(kind: 3, fields: []),
    ]
    var decoded = 0
    for number in 0..<1_000_000 {
      // Other tests run on the same few threads.
      if number % 1000 == 0 { await Task.yield() }
      let word = random.next()
      var bytes = models[number % models.count]
      switch word % 8 {
      case 0: bytes.removeLast(Int(word >> 8) % bytes.count)
      case 1: bytes.append(UInt8(truncatingIfNeeded: word >> 8))
      case 2:
        bytes = (0..<(Int(word >> 8) % 12)).flatMap { _ in
          withUnsafeBytes(of: random.next()) { Array($0) }
        }
      default: break
      }
      // The highest byte of the word determines how many bytes change.
      for _ in 0..<(word >> 56) % 4 where !bytes.isEmpty {
        let change = random.next()
        bytes[Int(change >> 8) % bytes.count] = UInt8(truncatingIfNeeded: change)
      }
      if word & 0x100 != 0, bytes.count >= 12 {
        // With the right length, the decoder continues to the fields.
        for index in 0..<4 {
          bytes[8 + index] = UInt8(truncatingIfNeeded: bytes.count >> (8 * index))
        }
      }
      if (try? HookEvent.decode(bytes)) != nil { decoded += 1 }
    }
    // Some are still events, most aren't: both outcomes were tested.
    #expect(decoded > 50_000 && decoded < 950_000)
  }
}

/// An event of version 1, encoded by the test itself.
func event(kind: UInt16, fields: [(tag: UInt16, value: [UInt8])]) -> [UInt8] {
  var bytes = Array("CPHK".utf8) + little(UInt16(1)) + little(kind)
  let length = 64 + fields.reduce(0) { $0 + 8 + $1.value.count }
  bytes += little(UInt32(length)) + little(UInt32(4711))
  for number in 1...4 { bytes += little(UInt64(number)) }
  bytes += [UInt8](repeating: 0, count: 16)
  for field in fields {
    bytes += little(field.tag) + [0, 0] + little(UInt32(field.value.count)) + field.value
  }
  return bytes
}

private func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { Array($0) }
}
