import Testing

@testable import DockerEngine

@Suite("The engine's stream formats")
struct StreamFormatTests {
  private func frame(_ stream: UInt8, _ text: String) -> [UInt8] {
    let payload = Array(text.utf8)
    let length = UInt32(payload.count)
    return [stream, 0, 0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
      + payload
  }

  private func demultiplexed(_ chunks: [[UInt8]]) throws -> (frames: [OutputFrame], isInside: Bool)
  {
    var demultiplexer = Demultiplexer()
    var frames: [OutputFrame] = []
    for chunk in chunks {
      var position = 0
      while let frame = try demultiplexer.next(in: chunk, at: &position) { frames.append(frame) }
    }
    return (frames, demultiplexer.isInsideFrame)
  }

  @Test("output is demultiplexed wherever it is cut in two")
  func splits() throws {
    let bytes = frame(1, "one\n") + frame(2, "") + frame(2, "two\n") + frame(1, "3")
    for cut in 0...bytes.count {
      let (frames, isInside) = try demultiplexed([Array(bytes[..<cut]), Array(bytes[cut...])])
      func text(_ kind: OutputStreamKind) -> String {
        String(decoding: frames.filter { $0.stream == kind }.flatMap(\.bytes), as: UTF8.self)
      }
      #expect(text(.stdout) == "one\n3", "cut at \(cut)")
      #expect(text(.stderr) == "two\n")
      #expect(frames.filter(\.isStart).count == 3)
      #expect(!isInside)
    }
  }

  @Test("output is demultiplexed byte by byte")
  func bytewise() throws {
    let bytes = frame(2, "a") + frame(1, "bcd")
    let (frames, isInside) = try demultiplexed(bytes.map { [$0] })
    #expect(frames.map(\.isStart) == [true, true, false, false])
    #expect(frames.map(\.stream) == [.stderr, .stdout, .stdout, .stdout])
    #expect(!isInside)
  }

  @Test("a frame of 4 GB is passed on as it arrives")
  func bounded() throws {
    let (frames, isInside) = try demultiplexed([[1, 0, 0, 0, 255, 255, 255, 255, 7], [8, 9]])
    #expect(frames.map(\.bytes) == [[7], [8, 9]])
    #expect(isInside)
  }

  @Test(
    "a stream that isn't multiplexed is refused",
    arguments: [Array("plain text".utf8), [1, 0, 1, 0, 0, 0, 0, 1], [9, 0, 0, 0, 0, 0, 0, 1]])
  func refused(bytes: [UInt8]) {
    #expect(throws: Demultiplexer.Fault.self) { try demultiplexed([bytes]) }
  }

  @Test("JSON objects are found wherever the stream is cut")
  func objects() throws {
    let objects = [#"{"a":"}{\"\\"}"#, #"{"b":{"c":{}}}"#, "{}"]
    let bytes = Array((objects[0] + "\r\n" + objects[1] + objects[2] + "\n").utf8)
    for cut in 0...bytes.count {
      var splitter = JSONObjectSplitter()
      var found: [String] = []
      for chunk in [Array(bytes[..<cut]), Array(bytes[cut...])] {
        var position = 0
        while let object = try splitter.next(in: chunk, at: &position) {
          found.append(String(decoding: object, as: UTF8.self))
        }
      }
      #expect(found == objects, "cut at \(cut)")
      #expect(!splitter.isInsideObject)
    }
  }

  @Test("a stream that isn't JSON objects is refused")
  func noObjects() {
    var splitter = JSONObjectSplitter()
    var position = 0
    #expect(throws: JSONObjectSplitter.Fault.self) {
      try splitter.next(in: Array("oops".utf8), at: &position)
    }
  }

  @Test(
    "an object that is too large is skipped, wherever it is cut", arguments: [1 << 16, 1 << 30])
  func tooLarge(piece: Int) throws {
    let large = "{\"a\": {\"b\": \"" + String(repeating: "}", count: 5 << 20) + "\"}}"
    let bytes = Array("{\"first\": 1}\n\(large)\n{\"last\": 2}".utf8)
    var splitter = JSONObjectSplitter()
    var found: [String] = []
    var start = 0
    while start < bytes.count {
      let part = Array(bytes[start..<min(bytes.count, start + piece)])
      start += part.count
      var position = 0
      while position < part.count, let object = try splitter.next(in: part, at: &position) {
        found.append(String(decoding: object, as: UTF8.self))
      }
    }
    #expect(found == ["{\"first\": 1}", "{\"last\": 2}"])
    #expect(!splitter.isInsideObject)
  }
}
