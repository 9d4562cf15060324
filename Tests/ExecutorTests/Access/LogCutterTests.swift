import DockerEngine
import Testing

@testable import Executor

@Suite("A container's log, split into lines")
struct LogCutterTests {
  private func time(_ number: Int) -> String { "2026-11-29T12:00:00.00000000\(number)Z" }

  private func frame(
    _ text: String, _ stream: OutputStreamKind = .stdout, isStart: Bool = true
  ) -> OutputFrame {
    OutputFrame(stream: stream, bytes: Array(text.utf8), isStart: isStart)
  }

  private func text(_ line: LogLine) -> String { String(decoding: line.bytes, as: UTF8.self) }

  private func lines(_ frames: [OutputFrame], isTerminal: Bool = false) -> [LogLine] {
    var cutter = LogCutter(isTerminal: isTerminal)
    var lines: [LogLine] = []
    for frame in frames { cutter.feed(frame) { lines.append($0) } }
    cutter.finish { lines.append($0) }
    return lines
  }

  @Test("keeps the streams separate, and joins the parts of a line that the engine stored")
  func apart() {
    let found = lines([
      frame("\(time(1)) one"), frame("\(time(2)) err\n", .stderr), frame("\(time(3)) more\n"),
      frame("\(time(4)) \n"), frame("\(time(5)) end"),
    ])
    #expect(found.map(text) == ["err", "onemore", "", "end"])
    #expect(found.map(\.stream) == [.stderr, .stdout, .stdout, .stdout])
    #expect(found.map { $0.moment % 10 } == [2, 1, 4, 5])
    #expect(found.map { String(decoding: $0.time, as: UTF8.self) }.last == time(5))
  }

  @Test("is the same wherever a connection cuts it")
  func cuts() {
    let message = Array("\(time(1)) a line\n".utf8)
    for cut in 1..<message.count {
      let found = lines([
        OutputFrame(stream: .stdout, bytes: Array(message[..<cut]), isStart: true),
        OutputFrame(stream: .stdout, bytes: Array(message[cut...]), isStart: false),
        frame("\(time(2)) next\n"),
      ])
      #expect(found.map(text) == ["a line", "next"], "\(cut)")
      #expect(found.map { $0.moment % 10 } == [1, 2], "\(cut)")
    }
  }

  @Test("has no timestamps inside a terminal's long lines, wherever it is cut")
  func terminal() {
    let long = String(repeating: "x", count: 16 << 10)
    let all = Array(
      "\(time(1)) \(long)\(time(2)) \(long)\(time(3)) end\r\n\(time(4)) 2026-x y\r\n".utf8)
    for size in [1, 7, 31, 4096, 16 << 10, all.count] {
      let frames = stride(from: 0, to: all.count, by: size).map {
        OutputFrame(
          stream: .stdout, bytes: Array(all[$0..<min($0 + size, all.count)]), isStart: false)
      }
      let found = lines(frames, isTerminal: true)
      #expect(found.map(text) == [long + long + "end\r", "2026-x y\r"], "\(size)")
      #expect(found.map { $0.moment % 10 } == [1, 4], "\(size)")
    }
  }

  @Test("resumes where the last reading broke off, after any byte")
  func resumption() {
    let messages: [(Int, String, OutputStreamKind)] = [
      (1, "a\n", .stdout), (2, "b", .stdout), (2, "c\n", .stderr), (2, "d\n", .stdout),
      (3, "e\n", .stdout),
      (3, "f\n", .stderr),
    ]
    let whole = lines(messages.map { frame("\(time($0.0)) \($0.1)", $0.2) }).map(text)
    #expect(whole == ["a", "c", "bd", "e", "f"])
    let sizes = messages.map { "\(time($0.0)) \($0.1)".utf8.count }
    for cut in 0...sizes.reduce(0, +) {
      var cutter = LogCutter(isTerminal: false)
      var found: [String] = []
      var left = cut
      for message in messages where left > 0 {
        let bytes = Array("\(time(message.0)) \(message.1)".utf8).prefix(left)
        left -= bytes.count
        cutter.feed(OutputFrame(stream: message.2, bytes: Array(bytes), isStart: true)) {
          found.append(text($0))
        }
      }
      cutter.resume()
      let from = cutter.resumption ?? 0
      for message in messages where Int64(message.0) >= from % 10 {
        cutter.feed(frame("\(time(message.0)) \(message.1)", message.2)) { found.append(text($0)) }
      }
      cutter.finish { found.append(text($0)) }
      #expect(found == whole, "cut after \(cut) bytes")
    }
  }

  @Test("passes on a very long line in parts")
  func endless() {
    let part = String(repeating: "y", count: 1 << 18)
    let found = lines((0..<5).map { _ in frame("\(time(1)) \(part)") } + [frame("\(time(2)) z\n")])
    #expect(found.map(\.bytes.count) == [1_048_576, 262_145])
    #expect(found.map(\.isOpen) == [true, false])
    #expect(found.map(\.continues) == [false, true])
  }
}
