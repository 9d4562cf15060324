import Glibc
import TestSupport
import Testing

@testable import PodRuntime

@Suite("The line assembler")
struct LineAssemblerTests {
  private func assemble(_ chunks: [String]) -> (String, UInt64) {
    var assembler = LineAssembler(prefix: "web | ")
    var output: [UInt8] = []
    for chunk in chunks { assembler.feed(Array(chunk.utf8), into: &output) }
    assembler.finish(into: &output)
    return (String(decoding: output, as: UTF8.self), assembler.lines)
  }

  @Test("outputs the same lines however the stream is cut")
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

  @Test("outputs nothing without input")
  func nothing() {
    #expect(assemble([]).0 == "")
    #expect(assemble([""]).0 == "")
  }

  @Test("keeps the carriage returns of a terminal, as Compose does")
  func terminal() {
    #expect(assemble(["a\r\n", "b\rc\r", "\n"]).0 == "web | a\r\nweb | b\rc\r\n")
  }

  @Test("forwards an endless line in bounded pieces")
  func endless() {
    var assembler = LineAssembler(prefix: "p ")
    var pieces: [(count: Int, piece: OutputPiece)] = []
    func take(_ bytes: [UInt8]) { pieces.append((bytes.count, assembler.piece())) }
    let chunk = [UInt8](repeating: 0x61, count: 100_000)
    for _ in 0..<25 {
      var output: [UInt8] = []
      assembler.feed(chunk, into: &output)
      if !output.isEmpty { take(output) }
    }
    var output: [UInt8] = []
    assembler.finish(into: &output)
    take(output)
    let limit = LineAssembler.limit
    #expect(pieces.map(\.count) == [limit + 2, limit, 2_500_000 - 2 * limit + 1])
    #expect(pieces.map(\.piece.continuesLine) == [false, true, true])
    #expect(pieces.map(\.piece.isOpen) == [true, true, false])
    #expect(assembler.lines == 1)
  }

  @Test("discards an unfinished line that will be read again")
  func dropped() {
    var assembler = LineAssembler(prefix: "")
    var output: [UInt8] = []
    assembler.feed(Array("a\nhal".utf8), into: &output)
    assembler.dropPending()
    assembler.feed(Array("half\n".utf8), into: &output)
    #expect(String(decoding: output, as: UTF8.self) == "a\nhalf\n")
  }

  @Test("and the skipper skip exactly the forwarded lines")
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

@Suite("The writer of lines")
struct OutputWriterTests {
  /// The output of the users of a writer.
  private func written(_ write: (OutputWriter) async -> Void) async throws -> String {
    var ends: [Int32] = [0, 0]
    try #require(GNU.pipe2(&ends, O_CLOEXEC) == 0)
    await write(OutputWriter(descriptor: ends[1]))
    close(ends[1])
    defer { close(ends[0]) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(ends[0], &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  private func piece(_ prefix: String, _ continues: Bool, _ isOpen: Bool) -> OutputPiece {
    OutputPiece(prefix: Array(prefix.utf8), continuesLine: continues, isOpen: isOpen)
  }

  @Test("keeps a line together that arrives in pieces")
  func whole() async throws {
    let text = try await written { writer in
      await writer.write(Array("a one".utf8), piece("a ", false, true))
      await writer.write(Array(" two".utf8), piece("a ", true, true))
      await writer.write(Array("\na three\n".utf8), piece("a ", true, false))
      await writer.line("end")
    }
    #expect(text == "a one two\na three\nend\n")
  }

  @Test("ends a line if another writes between its pieces, and continues with its prefix")
  func between() async throws {
    let text = try await written { writer in
      await writer.write(Array("a one".utf8), piece("a ", false, true))
      await writer.write(Array("b other\n".utf8), piece("b ", false, false))
      await writer.write(Array("two".utf8), piece("a ", true, true))
      await writer.line("state")
      await writer.write(Array("\na next\n".utf8), piece("a ", true, false))
    }
    #expect(text == "a one\nb other\na two\nstate\na next\n")
    let ended = try await written { writer in
      await writer.write(Array("a one".utf8), piece("a ", false, true))
      await writer.line("state")
      await writer.write([0x0a], piece("a ", true, false))
    }
    #expect(ended == "a one\nstate\n")
  }

  @Test("begins a new line if the rest of a line never arrives")
  func dropped() async throws {
    let text = try await written { writer in
      await writer.write(Array("a one".utf8), piece("a ", false, true))
      await writer.write(Array("a again\n".utf8), piece("a ", false, false))
    }
    #expect(text == "a one\na again\n")
  }
}
