import Foundation
import TestSupport
import Testing

/// Text of a Compose file is included in lines that people read on a terminal.
@Suite("The text of a task's message", .needsEngine, .throttled)
struct MessageTextTests {
  /// Each file puts `%` into the message of a failing pod.
  static let locations = [
    "services: {web: {image: \"none/such:1%\"}}",
    "services: {web: {image: pod-test/busybox, command: [\"a%b\"]}}",
    "services: {web: {image: pod-test/busybox, working_dir: \"/a%b\", command: [\"c%d\"], user: \"x%y\"}}",
    "services: {web: {image: pod-test/busybox, command: [sh, -c, \"printf 'a%b' >&2; exit 3\"]}}",
    "services: {\"we%b\": {image: pod-test/busybox}}",
    "services: {web: {image: pod-test/busybox, \"ke%y\": 1}}",
  ]

  @Test(
    "has no control character, even if the file has one", arguments: locations,
    [#"\e[2J"#, #"\u009b2J"#, #"\x07"#, #"\u2028"#, #"\u202e"#])
  func controls(location: String, character: String) async throws {
    let engine = try #require(TestEngine.all.last)
    let end = try await podEnd(on: engine, location.replacingOccurrences(of: "%", with: character))
    guard case .exited(let code) = end.status, code != 0 else {
      Issue.record("it didn't fail: \(end)")
      return
    }
    let lines = end.stdout.filter { RunningPod.state(in: $0) != nil } + end.stderr
    // Lines of a service are passed on unchanged.
    for line in lines where !line.hasPrefix("web | ") {
      let bad = line.unicodeScalars.filter {
        $0.value < 0x20 || 0x7f...0x9f ~= $0.value || [0x2028, 0x202e].contains($0.value)
      }
      #expect(bad.isEmpty, "\(line.debugDescription)")
    }
  }
}
