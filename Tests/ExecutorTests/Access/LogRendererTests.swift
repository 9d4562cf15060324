import DockerEngine
import Foundation
import Testing

@testable import Executor
@testable import Program

@Suite("Printed lines of logs")
struct LogRendererTests {
  private func printed(
    _ bytes: [UInt8], _ change: (inout LogStyle) -> Void = { _ in }, ansi: AnsiMode = .never,
    isTerminal: Bool = false, index: Int = 0
  ) -> String {
    var style = LogStyle(
      terminal: Terminal(isTerminal: isTerminal, reported: nil, mode: ansi, environment: [:]))
    change(&style)
    let renderer = LogRenderer(
      style: style, service: "web", container: "task_web", width: 5, index: index)
    var output: [UInt8] = []
    renderer.append(
      LogLine(
        moment: 1, time: Array("2026-11-29T12:00:00.000000001Z".utf8)[...], stream: .stderr,
        bytes: bytes[...]), to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  private func printed(
    _ text: String, _ change: (inout LogStyle) -> Void = { _ in }, ansi: AnsiMode = .never,
    isTerminal: Bool = false, index: Int = 0
  ) -> String {
    printed(Array(text.utf8), change, ansi: ansi, isTerminal: isTerminal, index: index)
  }

  @Test("begin with the service's name, padded to the widest, in one of ten colors")
  func prefix() {
    #expect(printed("a") == "web    | a\n")
    #expect(printed("a", ansi: .always) == "\u{1b}[36mweb    |\u{1b}[0m a\n")
    #expect(printed("a", ansi: .always, index: 11) == "\u{1b}[33mweb    |\u{1b}[0m a\n")
    #expect(printed("a", { $0.hasPrefix = false }) == "a\n")
    #expect(printed("a", { $0.hasTimes = true }) == "web    | 2026-11-29T12:00:00.000000001Z a\n")
  }

  @Test("are written to a file byte for byte")
  func bytes() {
    let all = Array(UInt8.min...UInt8.max).filter { $0 != 0x0a }
    var output: [UInt8] = []
    let style = LogStyle(
      hasPrefix: false,
      terminal: Terminal(isTerminal: false, reported: nil, mode: .never, environment: [:]))
    LogRenderer(style: style, service: "web", container: "", width: 0, index: 0).append(
      LogLine(moment: 0, time: [], stream: .stdout, bytes: all[...]), to: &output)
    #expect(output == all + [0x0a])
  }

  @Test("can't control a terminal: only tabs and colors pass")
  func terminal() {
    func shown(_ text: String, ansi: AnsiMode = .auto) -> String {
      printed(text, { $0.hasPrefix = false }, ansi: ansi, isTerminal: true)
    }
    #expect(shown("a\tb ä\r") == "a\tb ä\n")
    #expect(shown("\u{1b}[1;31mred\u{1b}[0m") == "\u{1b}[1;31mred\u{1b}[0m\u{1b}[0m\n")
    #expect(shown("\u{1b}[1;31mred", ansi: .never) == "red\n")
    #expect(shown("a\u{1b}[2Jb\u{1b}]0;title\u{7}c") == "a\u{fffd}[2Jb\u{fffd}]0;title\u{fffd}c\n")
    #expect(shown("a\rb\u{202e}c\u{9b}2J") == "a\u{fffd}b\u{fffd}c\u{fffd}2J\n")
    #expect(shown("\u{1b}") == "\u{fffd}\n")
    #expect(shown("\u{1b}[31") == "\u{fffd}[31\n")
  }

  @Test("are JSON objects without characters that control a terminal")
  func escapes() throws {
    let line = printed("a\u{9b}2Jb\u{202e}c\u{2028}\u{200f}", { $0.format = .json })
    #expect(line.contains(#""line":"a\u009b2Jb\u202ec\u2028\u200f""#), "\(line)")
  }

  @Test("are JSON objects, whatever the bytes")
  func json() throws {
    struct Object: Decodable, Equatable {
      var time, service, container, stream, line: String
    }
    let text = "say \"hi\" \\ \t\u{1}\u{7f} ä\r"
    let line = printed(text, { $0.format = .json })
    #expect(line.hasSuffix("}\n"))
    let object = try JSONDecoder().decode(Object.self, from: Data(line.utf8))
    #expect(
      object
        == Object(
          time: "2026-11-29T12:00:00.000000001Z", service: "web", container: "task_web",
          stream: "stderr", line: text))
    let broken = printed([0xff, 0x61], { $0.format = .json })
    #expect(try JSONDecoder().decode(Object.self, from: Data(broken.utf8)).line == "\u{fffd}a")
  }
}
