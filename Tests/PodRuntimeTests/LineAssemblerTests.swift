import Testing

@testable import PodRuntime

@Suite("The line assembler")
struct LineAssemblerTests {
  private func assemble(_ chunks: [String], stripsReturn: Bool = false) -> (String, UInt64) {
    var assembler = LineAssembler(prefix: "web | ", stripsReturn: stripsReturn)
    var output: [UInt8] = []
    for chunk in chunks { assembler.feed(Array(chunk.utf8), into: &output) }
    assembler.finish(into: &output)
    return (String(decoding: output, as: UTF8.self), assembler.lines)
  }

  @Test("gives the same lines however the stream is cut")
  func cuts() {
    let text = "one\ntwo\n\nfour, unfinished"
    let whole = assemble([text])
    #expect(whole.0 == "web | one\nweb | two\nweb | \nweb | four, unfinished\n")
    #expect(whole.1 == 4)
    for cut in 0...text.count {
      let parts = assemble([String(text.prefix(cut)), String(text.dropFirst(cut))])
      #expect(parts == whole)
    }
    #expect(assemble(text.map(String.init)) == whole)
  }

  @Test("says nothing where there was nothing")
  func nothing() {
    #expect(assemble([]).0 == "")
    #expect(assemble([""]).0 == "")
  }

  @Test("drops the carriage return of a terminal")
  func terminal() {
    #expect(assemble(["a\r\n", "b\rc\r", "\n"], stripsReturn: true).0 == "web | a\nweb | b\rc\n")
    #expect(assemble(["a\r\n"]).0 == "web | a\r\n")
  }

  @Test("passes a line that never ends on in bounded pieces")
  func endless() {
    var assembler = LineAssembler(prefix: "", stripsReturn: false)
    var output: [UInt8] = []
    let chunk = [UInt8](repeating: 0x61, count: 100_000)
    for _ in 0..<25 { assembler.feed(chunk, into: &output) }
    assembler.finish(into: &output)
    let lengths = output.split(separator: 0x0a).map(\.count)
    #expect(
      lengths == [LineAssembler.limit, LineAssembler.limit, 2_500_000 - 2 * LineAssembler.limit])
    #expect(assembler.lines == 1)
  }

  @Test("forgets an unfinished line that will be read again")
  func dropped() {
    var assembler = LineAssembler(prefix: "", stripsReturn: false)
    var output: [UInt8] = []
    assembler.feed(Array("a\nhal".utf8), into: &output)
    assembler.dropPending()
    assembler.feed(Array("half\n".utf8), into: &output)
    #expect(String(decoding: output, as: UTF8.self) == "a\nhalf\n")
  }

  @Test("and the skipper pass over exactly the lines that were forwarded")
  func skipping() {
    let text = Array("1\n2\n3\n4\n".utf8)
    for count in 0...4 {
      for cut in 0...text.count {
        var skipper = LineSkipper(lines: UInt64(count))
        let rest = skipper.rest(of: Array(text[..<cut])) + skipper.rest(of: Array(text[cut...]))
        #expect(rest == Array(text[(count * 2)...]))
      }
    }
  }
}
