import Foundation
import Glibc
import Testing

@testable import DockerEngine
@testable import PodRuntime

@Suite("Objects of run --format json")
struct JSONLineTests {
  private func objects(_ bytes: [UInt8]) throws -> [[String: Any]] {
    try bytes.split(separator: UInt8(ascii: "\n")).map { line in
      try #require(
        try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any],
        "\(String(decoding: line, as: UTF8.self))")
    }
  }

  @Test("are valid JSON for any bytes of a container; invalid UTF-8 becomes U+FFFD")
  func bytes() throws {
    for byte in UInt8.min...UInt8.max where byte != UInt8(ascii: "\n") {
      let line = JSONLine.output(
        [65, byte, 66, 10], service: "web", isHook: false, stream: "stdout")
      let object = try #require(try objects(line).first)
      let expected = String(decoding: [65, byte, 66], as: UTF8.self)
      #expect(object["line"] as? String == expected, "\(byte)")
      #expect(object["version"] as? Int == JSONLine.version)
      #expect(object["service"] as? String == "web" && object["stream"] as? String == "stdout")
      let isPlain = line.dropLast().allSatisfy { $0 >= 0x20 && $0 != 0x7f }
      #expect(isPlain, "a terminal is steered by \(byte)")
    }
    let text = "quotes \" \\ tab\t 日本 \u{85}\u{2028}"
    let line = JSONLine.output(
      Array((text + "\n").utf8), service: "a\"b", isHook: true, stream: "x")
    let object = try #require(try objects(line).first)
    #expect(object["line"] as? String == text && object["service"] as? String == "a\"b")
    #expect(object["hook"] as? Bool == true)
  }

  @Test("exist for each line, also an empty one, and mark an unfinished one")
  func lines() throws {
    let bytes = Array("one\n\nthree\nfour".utf8)
    let found = try objects(
      JSONLine.output(bytes, service: "web", isHook: false, stream: "stderr"))
    #expect(found.map { $0["line"] as? String } == ["one", "", "three", "four"])
    #expect(found.map { $0["partial"] as? Bool } == [nil, nil, nil, true])
  }
}

@Suite("The progress of a pull")
struct PullStatusTests {
  @Test("counts layers and bytes according to the engine's reports")
  func counts() {
    var pull = PullStatus()
    func add(_ id: String?, _ status: String, _ current: Int? = nil, _ total: Int? = nil) {
      pull.add(PullProgress(id: id, status: status, current: current, total: total))
    }
    add("latest", "Pulling from library/app")
    add("a", "Already exists")
    add("b", "Pulling fs layer")
    add("c", "Waiting")
    add("b", "Downloading", 50, 100)
    add("c", "Downloading", 10, 200)
    #expect(pull.layers == 3 && pull.doneLayers == 1 && pull.current == 60 && pull.total == 300)
    #expect(!pull.isExtracting)
    add("b", "Download complete")
    add("b", "Extracting", 10, 400)
    add("c", "Download complete")
    #expect(pull.current == 300 && pull.isExtracting)
    add("b", "Pull complete")
    add("c", "Pull complete")
    add(nil, "Status: Downloaded newer image")
    add(nil, "Digest: sha256:…")
    #expect(pull.doneLayers == 3 && !pull.isExtracting)
  }

  @Test("has bounded memory for a registry with an endless list of layers")
  func bounded() {
    var pull = PullStatus()
    for number in 0..<100_000 {
      pull.add(
        PullProgress(id: "\(number)", status: "Downloading", current: .max, total: .max))
    }
    #expect(pull.layers == 1_000 && pull.total == .max)
  }
}

@Suite("The last lines of a terminal")
struct OutputRegionTests {
  @Test("are below the output, wait for the end of an open line, and remain at the end")
  func region() async throws {
    let primary = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    defer { close(primary) }
    // TIOCSPTLCK and TIOCGPTN, whose macros Swift doesn't import.
    var (lock, number): (Int32, Int32) = (0, 0)
    #expect(ioctl(primary, 0x4004_5431, &lock) == 0 && ioctl(primary, 0x8004_5430, &number) == 0)
    let terminal = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    try #require(terminal >= 0)
    defer { close(terminal) }
    var size = winsize(ws_row: 10, ws_col: 20, ws_xpixel: 0, ws_ypixel: 0)
    #expect(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
    func read() -> String {
      var buffer = [UInt8](repeating: 0, count: 4096)
      var poll = pollfd(fd: primary, events: Int16(POLLIN), revents: 0)
      var text = ""
      while Glibc.poll(&poll, 1, 0) == 1 {
        let count = Glibc.read(primary, &buffer, buffer.count)
        if count <= 0 { break }
        text += String(decoding: buffer[..<count], as: UTF8.self)
      }
      return text.replacing("\r\n", with: "\n").replacing("\u{1b}[A\u{1b}[2K", with: "<up>")
        .replacing("\r\u{1b}[2K", with: "<erase>")
    }
    let region = OutputRegion(descriptor: terminal)
    let writer = OutputWriter(descriptor: terminal, above: region)
    await region.show(["one", "two"])
    #expect(read() == "one\ntwo\n")
    await region.show(["one", "two"])
    #expect(read() == "", "what hasn't changed isn't drawn again")
    await region.show(["one", "three"])
    #expect(read() == "<erase><up><up>one\nthree\n")
    await writer.line("output")
    #expect(read().hasPrefix("<erase><up><up>output\n"))
    await region.show(["four"])
    _ = read()
    // An open line: nothing is drawn after it.
    let prefix = Array("web | ".utf8)
    let open = OutputPiece(prefix: prefix, continuesLine: false, isOpen: true)
    await writer.write(Array("web | a long".utf8), open)
    #expect(read() == "<erase><up>web | a long")
    await region.show(["five"])
    #expect(read() == "")
    await writer.write(
      Array(" line\n".utf8), OutputPiece(prefix: prefix, continuesLine: true, isOpen: false))
    await region.show(["six"])
    #expect(read().hasSuffix("six\n"))
    // A narrower terminal has wrapped the line.
    await region.show([String(repeating: "x", count: 19)])
    _ = read()
    size.ws_col = 8
    #expect(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
    await region.leave(["last"])
    #expect(read() == "<erase><up><up><up>last\n")
    await writer.line("after")
    #expect(read() == "after\n")
  }
}
