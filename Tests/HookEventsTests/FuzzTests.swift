import HookEvents
import TestSupport
import Testing

@Suite("Mutated events of hooks trap nothing", .timeLimit(.minutes(60)))
struct FuzzTests {
  private static let corpus = [
    event(kind: 1, fields: [(1, Array("run".utf8)), (2, Array("/sandbox/of/it".utf8))]),
    event(kind: 2, fields: [(900, [1, 2, 3]), (4, [66]), (0, []), (3, [65])]),
    event(kind: 77, fields: [(5, [1])]),
  ]

  @Test("an event is decoded or refused")
  func events() async {
    let report = await Fuzz.drive(
      "hook events", Self.corpus, isOwn: { $0 is HookEvent.DecodingError }
    ) { bytes, random in
      var bytes = bytes
      // In most rounds the length is corrected, since the decoder stops at a wrong length.
      if bytes.count >= 12, Int.random(in: 0..<4, using: &random) > 0 {
        for index in 0..<4 {
          bytes[8 + index] = UInt8(truncatingIfNeeded: bytes.count >> (8 * index))
        }
      }
      let event = try HookEvent.decode(bytes)
      _ = ("\(event)", event.bootID?.utf8.count)
      return true
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("the name of a spool file is parsed or refused")
  func names() async {
    let names = [
      "00000000012345678901-0000004242-00000000000000000007-00ff00ff00ff00ff-84.event",
      "18446744073709551615-4294967295-18446744073709551615-ffffffffffffffff-1.event",
    ]
    let report = await Fuzz.drive("spool names", texts: names, words: [".event", "+1", "-"]) {
      text in
      guard let name = SpoolName(text) else { return false }
      return name.text == text && !(name < name)
    }
    #expect(report.isSound, "\(report)")
  }
}
