import MesosExecutor
import TestSupport
import Testing

@Suite("RecordIO")
struct RecordIODecoderTests {
  let records = ["{}", "", "{\"type\":\"HEARTBEAT\"}", String(repeating: "ü\n5\n", count: 300)]

  var bytes: [UInt8] {
    records.flatMap { Array("\($0.utf8.count)\n\($0)".utf8) }
  }

  @Test("a stream may be split at any byte")
  func splitAnywhere() throws {
    for cut in 0...bytes.count {
      var decoder = RecordIODecoder()
      let found = try decoder.decode(bytes[..<cut]) + decoder.decode(bytes[cut...])
      #expect(found == records.map { Array($0.utf8) })
      #expect(decoder.isBetweenRecords)
    }
  }

  @Test("a stream may arrive byte by byte, or in pieces of any size")
  func randomPieces() throws {
    var random = SeededGenerator(for: "pieces of a record stream")
    for maximum in [1, 2, 3, 50] {
      var decoder = RecordIODecoder()
      var found: [[UInt8]] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = rest.prefix(Int.random(in: 1...maximum, using: &random))
        rest = rest.dropFirst(piece.count)
        found += try decoder.decode(piece)
      }
      #expect(found == records.map { Array($0.utf8) })
    }
  }

  @Test("an end inside a record is detected")
  func endInside() throws {
    for part in ["1", "12\n", "12\n{", "2\n{}3"] {
      var decoder = RecordIODecoder()
      _ = try decoder.decode(Array(part.utf8))
      #expect(!decoder.isBetweenRecords, "\(part)")
    }
  }

  @Test(
    "an invalid length is an error, also for later input",
    arguments: [
      "\n", "x", "-1\n", "+2\n{}", " 2\n{}", "2 \n{}", "2\r\n{}", "0x2\n", "1.5\n", "33\n",
      "99999999999999999999\n", "{\"type\":\"HEARTBEAT\"}", "2\n{}oops",
    ])
  func malformed(text: String) {
    var decoder = RecordIODecoder(maximumRecordSize: 32)
    #expect(throws: RecordIODecoder.Malformed.self) { _ = try decoder.decode(Array(text.utf8)) }
    #expect(throws: RecordIODecoder.Malformed.self) { _ = try decoder.decode(Array("2\n{}".utf8)) }
  }

  @Test("an announced length allocates no memory before the bytes arrive")
  func announcedOnly() throws {
    var decoder = RecordIODecoder(maximumRecordSize: .max)
    #expect(try decoder.decode(Array("9000000000000000000\n{".utf8)).isEmpty)
  }
}
