import Foundation
import TestSupport
import Testing

@Suite("A container that writes without pause", .needsEngine, .heavy)
struct FloodTests {
  /// A service that writes numbered lines of 100 bytes each.
  private func flood(lines: Int) -> String {
    """
    services:
      big:
        image: pod-test/busybox
        volumes: ["./progress:/progress"]
        command: ["awk", '\(Self.program(lines: lines))']
    """
  }

  private static func program(lines: Int) -> String {
    // The progress file has the number of lines that the container could write.
    "BEGIN { for (i = 1; i <= \(lines); i++) { printf \"%08d %090d\\n\", i, 0; "
      + "if (i % 10000 == 0) { print i > \"/progress/lines\"; fflush(\"/progress/lines\") } } }"
  }

  @Test("of 100 MB is logged completely and in order", arguments: TestEngine.all)
  func complete(on engine: TestEngine) async throws {
    let lines = 1_000_000
    let settings = PodSettings(
      files: ["progress/lines": "0\n"], shell: "exec \"$@\" > output")
    try await withPod(on: engine, flood(lines: lines), settings) { pod in
      let result = try await pod.executor.result(within: .seconds(300))
      #expect(result.status == .exited(0), "\(result.stderr)")
      try await expectComplete(pod.sandbox.path("output"), lines: lines)
      #expect(
        try await Command("grep", ["-c", " TASK_", pod.sandbox.path("output")]).output() == "3")
    }
  }

  @Test(
    "is blocked while its output is unread: the executor stays small, and nothing is lost",
    arguments: TestEngine.all)
  func unread(on engine: TestEngine) async throws {
    let lines = 400_000
    let settings = PodSettings(
      files: ["progress/lines": "0\n"], shell: "mkfifo pipe; exec \"$@\" > pipe")
    try await withPod(on: engine, flood(lines: lines), settings) { pod in
      // Opened, so that the executor starts, but not read.
      let pipe = try await eventually("the pipe") {
        let number = open(pod.sandbox.path("pipe"), O_RDWR | O_CLOEXEC)
        return number >= 0 ? number : nil
      }
      defer { close(pipe) }
      var last = -1
      var since = ContinuousClock.now
      try await eventually("the flood to stand still", within: .seconds(180)) {
        let text = try String(contentsOfFile: pod.sandbox.path("progress/lines"), encoding: .utf8)
        let now = text.split(separator: "\n").last.flatMap { Int($0) } ?? 0
        if now != last {
          last = now
          since = .now
        }
        return now > 0 && .now - since > .seconds(1)
      }
      #expect(last < lines, "the container was never held back")
      let largest = try ProcessFacts.kilobytes("RssAnon", of: pod.executor.pid)
      #expect(largest < 30_000, "\(largest) kB")
      let reader = try Command(
        "sh", ["-c", "cat pipe > output"], directory: pod.sandbox.path
      ).start()
      let status = try await pod.executor.exit(within: .seconds(180))
      #expect(status == .exited(0))
      try await eventually("the last line of the output") {
        try await Command("tail", ["-n", "1", pod.sandbox.path("output")]).output()
          .contains("TASK_FINISHED")
      }
      reader.send(SIGTERM)
      try await expectComplete(pod.sandbox.path("output"), lines: lines)
    }
  }

  /// Pages that are mapped from the program's file, of which a debug build has many, are shared and
  /// don't grow with the output.
  @Test("keeps the executor's own memory below 30 MB", arguments: TestEngine.all)
  func memory(on engine: TestEngine) async throws {
    let file = """
      services:
        big:
          image: pod-test/busybox
          command: ["sh", "-c", "yes $$(head -c 4000 /dev/zero | tr '\\\\0' y)"]
        lineless:
          image: pod-test/busybox
          command: ["cat", "/dev/zero"]
      """
    let settings = PodSettings(
      options: ["--grace", "0s"], shell: "exec \"$@\" > /dev/null")
    try await withPod(on: engine, file, settings) { pod in
      let start = ContinuousClock.now
      var largest = 0
      try await eventually("five seconds of flood", within: .seconds(300)) {
        largest = max(largest, try ProcessFacts.kilobytes("RssAnon", of: pod.executor.pid))
        return .now - start > .seconds(5)
      }
      #expect(largest < 30_000, "\(largest) kB")
      print("executor's largest anonymous resident set: \(largest) kB")
      pod.send(SIGTERM)
      try await pod.executor.exit(within: .seconds(300))
    }
  }

  /// Compares the flood's part of a file with the output of the same program in this test.
  private func expectComplete(_ file: String, lines: Int) async throws {
    let script = """
      sed -n 's/^big | //p' "$1" | sha256sum
      awk 'BEGIN { for (i = 1; i <= \(lines); i++) printf "%08d %090d\\n", i, 0 }' | sha256sum
      """
    let sums = try await Command("sh", ["-c", script, "sh", file]).output()
      .split(separator: "\n")
    #expect(sums.count == 2 && sums.first == sums.last, "\(sums)")
  }
}
