import PodControl
import TestSupport
import Testing

@testable import Executor

@Suite("Shell completion of pods")
struct PodCompletionTests {
  /// Each character that a task ID or a label may contain, inside a word and before it.
  private static let words = (1...0x250).compactMap { Unicode.Scalar($0) }
    .flatMap { ["a\($0)id", "\($0)id", "$(id)\($0)", "--a\($0)"] }

  @Test("has only candidates that are one word in bash's completion and on a command line")
  func expansion() async throws {
    let offered = PodCompletion.offered(Self.words)
    for word in ["Aid", "zid", "0id", "a-id", "a_id", "a.id", "a:id"] {
      #expect(offered.contains(word), "\(word)")
    }
    let list = offered.joined(separator: "\n")
    let expanded = try await Command(
      "bash", ["--norc", "-c", "IFS=$'\\n' compgen -W \"$1\" -- ''", "bash", list]
    ).output()
    #expect(expanded == list)
    let line = offered.joined(separator: " ")
    let typed = try await Command(
      "bash", ["--norc", "-c", "set -- \(line); IFS=$'\\n'; echo \"$*\""]
    ).output()
    #expect(typed == list)
  }

  @Test("has no options, and nothing with a meaning for a shell")
  func refused() {
    let hostile = [
      "$(touch${IFS}/tmp/x)", "`id`", "a;id", "a|id", "a&id", "a>b", "~root", "*", "a\nb", "a b",
      "", "-f", "--grace=0s", "a\u{9b}31m", "\u{202e}a", "a\\", "'", "\"", "!1", "{a,b}",
    ]
    #expect(PodCompletion.offered(hostile) == [])
    #expect(
      PodCompletion.offered(["web.1", "app_x.instance-1._app.1", "web.1"])
        == ["app_x.instance-1._app.1", "web.1"])
  }

  @Test("and events as JSON have no control characters")
  func events() throws {
    let event = PodEvent(
      time: "t", event: "e", service: "\u{9b}31m", message: "\u{202e}\u{1b}[31m\n")
    let line = EventsCommand.json(event)
    #expect(line.unicodeScalars.allSatisfy { 0x20..<0x7f ~= $0.value }, "\(line)")
    #expect(line.contains(#"\u009b31m"#) && line.contains(#"\u202e"#))
  }
}
