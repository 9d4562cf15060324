import FoundationEssentials
import PodControl
import Testing

@testable import Executor

@Suite("Lines of events")
struct EventLineTests {
  private func exit(_ message: String, _ code: Int, subject: String? = nil) -> PodEvent {
    PodEvent(
      time: "2026-01-01T00:00:00.000Z", event: "container-exited", service: "web",
      message: message, subject: subject, exitCode: code)
  }

  @Test("have an exit code only once")
  func code() {
    let killed = EventsCommand.line(exit("was killed by SIGKILL (137)", 137))
    #expect(killed.hasSuffix("  container-exited      was killed by SIGKILL (137)"), "\(killed)")
    let hook = EventsCommand.line(exit("", 3, subject: "pre_start"))
    #expect(hook.hasSuffix("  pre_start: exit code 3"), "\(hook)")
  }

  @Test("as JSON have all fields, and can't control a terminal")
  func json() throws {
    let event = exit("a\u{9b}2J\u{202e}\u{1b}\"b/ä", 3)
    let text = EventsCommand.json(event)
    #expect(
      text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f ~= $0.value) }
        && !text.unicodeScalars.contains("\u{202e}"))
    #expect(try JSONDecoder().decode(PodEvent.self, from: Data(text.utf8)) == event)
    #expect(text.contains("b/ä"))
  }
}
