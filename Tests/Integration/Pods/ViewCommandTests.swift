import Foundation
import TestSupport
import Testing

/// The command lines of `ps`, `inspect`, `top` and `stats`: refusals, terminals, shells.
@Suite("Commands that show pods", .needsEngine, .throttled)
struct ViewCommandTests {
  @Test("print one line and exit with a code for an unknown pod, column or engine")
  func refusals() async throws {
    let engine = try #require(TestEngine.all.first)
    func end(_ words: String..., host: String? = nil) async throws -> CommandResult {
      try await Command(
        BuiltProgram.composeExecutor, words,
        environment: ["DOCKER_HOST": host ?? engine.dockerHost]
      ).run()
    }
    for command in ["ps", "inspect", "top", "stats"] {
      let none = try await end(command, "no-such-pod")
      #expect(none.status == .exited(1))
      #expect(none.stderr == "compose-executor: no pod matches 'no-such-pod'\n")
      let away = try await end(command, "x", host: "unix:///nonexistent/docker.sock")
      #expect(away.status == .exited(1))
      #expect(away.stderr.split(separator: "\n").count == 1)
      #expect(away.stderr.hasPrefix("compose-executor: Docker Engine: "))
    }
    let column = try await end("ps", "--columns", "task,nothing")
    #expect(column.status == .exited(2))
    #expect(column.stderr.hasPrefix("compose-executor: unknown column 'nothing': known are task,"))
    let bare = try await end("inspect")
    #expect(bare.status == .exited(2))
    #expect(bare.stderr == "compose-executor: inspect requires a POD or --framework\n")
  }

  @Test(
    "draw in place with ps --watch until ctrl-C, and restore the terminal",
    arguments: [80, 200])
  func watched(_ columns: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    let file = "services: {web: {image: pod-test/busybox, command: sleep 1000, init: true}}"
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "1s"])) { pod in
      try await pod.running()
      let script = """
        { while [ ! -e stop ]; do sleep 0.1; done; printf '\\003'; sleep 2; } |
        TERM=xterm script -qec "stty cols \(columns) rows 20; unset COLUMNS; \
        exec \(BuiltProgram.composeExecutor) ps \(pod.task) --watch" /dev/null
        """
      let screen = try Command(
        "/bin/bash", ["-c", script], environment: ["DOCKER_HOST": engine.dockerHost],
        directory: pod.sandbox.path
      ).start()
      try await eventually("three reports") {
        screen.text().components(separatedBy: "\u{1b}[H").count > 3
      }
      try pod.sandbox.write("stop", "")
      let status = try await screen.exit(within: .seconds(300))
      #expect(status == .exited(130))
      let text = screen.text()
      #expect(text.contains("SERVICE"))
      // Neither a hidden cursor nor an alternate screen is left.
      #expect(!text.contains("\u{1b}[?"))
      // Each color is reset.
      #expect(
        text.components(separatedBy: "\u{1b}[32m").count
          == text.components(separatedBy: "\u{1b}[0m").count)
      let plain = text.replacing(/\u{1b}\[[0-9;]*[A-Za-z]/, with: "")
      let lines = plain.split(whereSeparator: \.isNewline)
      #expect(lines.allSatisfy { $0.unicodeScalars.count <= columns })
      #expect(lines.contains { $0.contains("CONTAINER") } == (columns == 200))

      // In a pipe, reports are printed one after the other, with an empty line between them.
      let piped = try Command(
        BuiltProgram.composeExecutor, ["ps", pod.task, "--watch"],
        environment: ["DOCKER_HOST": engine.dockerHost]
      ).start()
      try await eventually("two reports") { piped.text().contains("\n\nSERVICE") }
      piped.send(SIGINT)
      #expect(try await piped.exit() == .signaled(SIGINT))
      #expect(!piped.text().contains("\u{1b}"))
    }
  }

  @Test("complete task IDs and services in shells, and complete nothing without an engine")
  func completions() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = "services: {web: {image: pod-test/busybox, command: sleep 1000, init: true}}"
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "1s"])) { pod in
      try await pod.running()
      func offered(_ words: [String], host: String? = nil) async throws -> CommandResult {
        try await Command(
          BuiltProgram.composeExecutor, words,
          environment: [
            "DOCKER_HOST": host ?? engine.dockerHost, "SAP_SHELL": "bash",
            "SAP_SHELL_VERSION": "5",
          ]
        ).run()
      }
      let pods = [
        "---completion", "ps", "--", "positional@0", "2", "0", "compose-executor", "ps", "",
      ]
      #expect(try await offered(pods).stdout.split(separator: "\n").contains { $0 == pod.task })
      let services = [
        "---completion", "top", "--", "positional@1", "3", "0", "compose-executor", "top",
        pod.task, "",
      ]
      #expect(try await offered(services).stdout == "web\n")
      let start = ContinuousClock.now
      let away = try await offered(pods, host: "unix:///nonexistent/docker.sock")
      #expect(away.stdout.allSatisfy(\.isNewline) && away.stderr.isEmpty)
      #expect(ContinuousClock.now - start < .seconds(90))
    }
  }
}
