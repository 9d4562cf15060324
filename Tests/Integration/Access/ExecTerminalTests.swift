import Foundation
import TestSupport
import Testing

@Suite("exec with a terminal, signals and crashes", .needsEngine, .throttled)
struct ExecTerminalTests {
  private static let file = """
    services:
      web:
        image: pod-test/busybox
        restart: always
        command: ["sh", "-c", "trap 'exit 0' TERM; echo up; sleep 1000 & wait"]
    """

  private func withWeb(
    on engine: TestEngine, _ body: (RunningPod) async throws -> Void
  ) async throws {
    try await withPod(on: engine, Self.file) { pod in
      try await pod.running()
      try await body(pod)
    }
  }

  /// Whether a command is running in the service's container.
  private func isRunning(_ words: String, in pod: RunningPod) async throws -> Bool {
    try await pod.engine.docker("top", "\(pod.task)_web", "-o", "pid,args").output().contains(words)
  }

  @Test("has the window's size from the beginning, and updates it", arguments: TestEngine.all)
  func size(on engine: TestEngine) async throws {
    try await withWeb(on: engine) { pod in
      let terminal = try PseudoTerminal(
        pod.exec(
          [], "web",
          ["sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done"]),
        rows: 33, columns: 123)
      try await terminal.shows("ready")
      // The first size arrives just after the start, and can itself be a change.
      try await eventually("the first size", every: .milliseconds(200)) {
        let shell = try await pod.exec(
          ["-T"], "web", ["sh", "-c", "for t in /dev/pts/[0-9]*; do stty size <$t; done"]
        ).output()
        return shell.split(separator: "\n").contains("33 123")
      }
      terminal.resize(rows: 40, columns: 200)
      try await terminal.shows("40 200")
      terminal.type("\u{3}")
      #expect(try await terminal.program.exit() == .exited(130))
    }
  }

  @Test(
    "passes keys on as they are typed, and restores its terminal", arguments: TestEngine.all
  )
  func keys(on engine: TestEngine) async throws {
    try await withWeb(on: engine) { pod in
      let terminal = try PseudoTerminal(pod.exec([], "web", ["sh"]))
      let before = terminal.modes
      terminal.type("echo a$((1 + 1))b\r")
      try await terminal.shows("a2b")
      #expect(terminal.modes != before)
      // Neither stops compose-executor; ctrl-P is passed on at once.
      terminal.type("sleep 1000\r")
      try await eventually("the sleep") { try await isRunning("sleep 1000", in: pod) }
      terminal.type("\u{3}")
      terminal.type("exit 7\r")
      #expect(try await terminal.program.exit() == .exited(7), "\(terminal.screen)")
      #expect(terminal.modes == before)
    }
  }

  @Test(
    "that receives a signal hangs up the command's terminal, and restores its own",
    arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT])
  func hangup(_ signal: Int32) async throws {
    let engine = try #require(TestEngine.all.first)
    try await withWeb(on: engine) { pod in
      let terminal = try PseudoTerminal(
        pod.exec([], "web", ["sh", "-c", "echo ready; sleep 4321"]))
      let before = terminal.modes
      try await terminal.shows("ready")
      try await eventually("raw mode") { terminal.modes != before }
      terminal.program.send(signal)
      #expect(try await terminal.program.exit() == .exited(128 + signal))
      #expect(terminal.modes == before)
      try await eventually("the command's end") { try await !isRunning("sleep 4321", in: pod) }
    }
  }

  @Test("without a terminal forwards signals, and a second one kills", arguments: TestEngine.all)
  func signals(on engine: TestEngine) async throws {
    try await withWeb(on: engine) { pod in
      for (signal, code) in [(SIGTERM, Int32(143)), (SIGINT, 130)] {
        let command = try pod.exec(["-T"], "web", ["sh", "-c", "echo ready; sleep 4321"]).start()
        try await command.line(containing: "ready")
        command.send(signal)
        #expect(try await command.exit() == .exited(code))
      }
      let handled = try pod.exec(
        ["-T"], "web",
        ["sh", "-c", "trap 'echo got; exit 5' TERM; echo ready; while :; do sleep 0.05; done"]
      ).start()
      try await handled.line(containing: "ready")
      handled.send(SIGTERM)
      let result = try await handled.result()
      #expect(result.status == .exited(5) && result.stdout == "ready\ngot\n", "\(result)")
      let stubborn = try pod.exec(
        ["-T"], "web",
        ["sh", "-c", "trap 'echo no' TERM; echo ready; while :; do sleep 0.05; done"]
      ).start()
      try await stubborn.line(containing: "ready")
      stubborn.send(SIGTERM)
      try await stubborn.line(containing: "no")
      stubborn.send(SIGTERM)
      #expect(try await stubborn.exit() == .exited(143))
      #expect(try await !isRunning("sleep 4321", in: pod))
      try await eventually("the end of all") { try await !isRunning("sleep 0.05", in: pod) }
    }
  }

  @Test("whose reader exits leaves no command running", arguments: TestEngine.all)
  func readerGone(on engine: TestEngine) async throws {
    try await withWeb(on: engine) { pod in
      let result = try await Command(
        "sh",
        ["-c", "\"$0\" exec -T \(pod.task) web yes | head -n 1", BuiltProgram.composeExecutor],
        environment: ["DOCKER_HOST": engine.dockerHost]
      ).run()
      #expect(result.stdout == "y\n")
      try await eventually("the end of yes") { try await !isRunning("yes", in: pod) }
    }
  }

  @Test("exits when its container dies", arguments: TestEngine.all)
  func death(on engine: TestEngine) async throws {
    try await withWeb(on: engine) { pod in
      let plain = try pod.exec(["-T"], "web", ["sh", "-c", "echo ready; sleep 4321"]).start()
      let terminal = try PseudoTerminal(
        pod.exec([], "web", ["sh", "-c", "echo ready; sleep 4321"]))
      let before = terminal.modes
      try await plain.line(containing: "ready")
      try await terminal.shows("ready")
      try await engine.docker("kill", "\(pod.task)_web").output()
      #expect(try await plain.exit(within: .seconds(300)) == .exited(137))
      #expect(try await terminal.program.exit(within: .seconds(300)) == .exited(137))
      #expect(terminal.modes == before)
    }
  }
}
