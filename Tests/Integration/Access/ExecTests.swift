import Foundation
import TestSupport
import Testing

@Suite("exec", .needsEngine, .throttled)
struct ExecTests {
  private static let file = """
    services:
      web:
        image: pod-test/busybox
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

  /// Commands and their exit codes.
  private static let ends: [(words: [String], code: Int32)] = [
    (["true"], 0), (["false"], 1), (["sh", "-c", "exit 42"], 42), (["/bin"], 126),
    (["nothing-of-that-name"], 127), (["sh", "-c", "kill -9 $$"], 137),
    (["sh", "-c", "kill -TERM $$"], 143),
  ]

  @Test(
    "exits with the command's code, with and without a terminal, whatever the input is",
    arguments: TestEngine.all)
  func codes(on engine: TestEngine) async throws {
    try await withWeb(on: engine) { pod in
      for (words, code) in Self.ends {
        // The code of the engine's own client: releases differ about commands that can't be run.
        let docker = try await pod.docker(["exec", "\(pod.task)_web"] + words).run().status
        if code != 126, code != 127 { #expect(docker == .exited(code), "\(words)") }
        for input: String? in [nil, "", "some\nlines\n"] {
          let result = try await pod.exec(["-T"], "web", words, input: input).run()
          #expect(result.status == docker, "\(words) \(input ?? "closed"): \(result)")
        }
        let terminal = try PseudoTerminal(pod.exec([], "web", words))
        #expect(try await terminal.program.exit() == docker, "\(words): \(terminal.screen)")
      }
    }
  }

  @Test("connects three separate streams in both directions", arguments: TestEngine.all)
  func streams(on engine: TestEngine) async throws {
    try await withWeb(on: engine) { pod in
      let echo = try await pod.exec(["-T"], "web", ["cat"], input: "x\n").run()
      #expect(echo.status == .exited(0) && echo.stdout == "x\n" && echo.stderr.isEmpty, "\(echo)")
      let both = try await pod.exec(
        ["-T"], "web", ["sh", "-c", "read a; echo out $a; echo err $a >&2; exit 3"], input: "b\nc\n"
      ).run()
      #expect(
        both.status == .exited(3) && both.stdout == "out b\n" && both.stderr == "err b\n", "\(both)"
      )
      // A command that exits before the end of its input.
      let early = try await pod.exec(
        ["-T"], "web", ["echo", "done"], input: String(repeating: "x", count: 3_000_000)
      ).run()
      #expect(early.status == .exited(0) && early.stdout == "done\n", "\(early.status)")
      // The test's own streams are no terminal, so none is requested.
      let plain = try await pod.exec([], "web", ["sh", "-c", "test -t 0 || echo none"]).run()
      #expect(plain.stdout == "none\n", "\(plain)")
    }
  }

  @Test(
    "passes variables, a user, a directory, and the command's own options",
    arguments: TestEngine.all)
  func options(on engine: TestEngine) async throws {
    try await withWeb(on: engine) { pod in
      var command = pod.exec(
        ["-T", "-e", "A=b=c", "-e", "FROM_HERE", "-e", "NOT_HERE", "-u", "65534", "-w", "/tmp"],
        "web",
        ["sh", "-c", "echo $A-$FROM_HERE-${NOT_HERE-unset}; id -u; pwd; echo $1", "-T", "-u"])
      command.environment["FROM_HERE"] = "here"
      let result = try await command.run()
      #expect(result.stdout == "b=c-here-unset\n65534\n/tmp\n-u\n", "\(result)")
    }
  }

  @Test("names the fault: the pod, the service, its container, an option")
  func failures() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = Self.file + "\n  job: {image: pod-test/busybox, command: [\"true\"]}\n"
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      try await eventually("the job's exit") {
        let states = try await engine.docker(
          "ps", "-a", "--filter", "name=\(pod.task)_job", "--format", "{{.State}}"
        ).output()
        return states == "exited"
      }
      func said(_ words: [String]) async throws -> (ExitStatus, String) {
        let result = try await pod.command(["exec"] + words).run()
        return (result.status, result.stderr)
      }
      #expect(try await said(["no-such-pod", "web", "true"]).0 == .exited(1))
      let service = try await said([pod.task, "nothing", "true"])
      #expect(
        service.0 == .exited(1) && service.1.contains("has no service 'nothing'; it has job, web"),
        "\(service)")
      let job = try await said([pod.task, "job", "true"])
      #expect(job.0 == .exited(1) && job.1.contains("isn't running: exited"), "\(job)")
      let index = try await said(["--index", "2", pod.task, "web", "true"])
      #expect(index.0 == .exited(1) && index.1.contains("has no container 2"), "\(index)")
    }
  }

  @Test(
    "with output that can't be written exits with 1 and prints the reason",
    arguments: [
      (">/dev/full", "standard output can't be written: No space left on device\n"),
      (">&-", "standard output can't be written: Bad file descriptor\n"), ("2>&-", ""),
    ])
  func unwritable(_ redirection: String, _ reason: String) async throws {
    let engine = try #require(TestEngine.all.first)
    try await withWeb(on: engine) { pod in
      let words = "exec -T \(pod.task) web sh -c 'echo >&2; echo; sleep 1234'"
      let script = "exec \"$0\" \(words) \(redirection)"
      let result = try await Command(
        "sh", ["-c", script, BuiltProgram.composeExecutor],
        environment: ["DOCKER_HOST": engine.dockerHost]
      ).run()
      #expect(result.status == .exited(1) && result.stderr.hasSuffix(reason), "\(result)")
      try await eventually("the command's end") {
        try await !engine.docker("top", "\(pod.task)_web").output().contains("sleep 1234")
      }
    }
  }

  @Test("passes a hundred megabytes on in each direction", .heavy)
  func much() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withWeb(on: engine) { pod in
      let size = 100 << 20
      let script = """
        head -c \(size) /dev/zero | tr '\\0' 'x' | \
        "$0" exec -T \(pod.task) web sh -c 'cat; echo; seq 1 100000 >&2' | wc -c
        """
      let result = try await Command(
        "sh", ["-c", script, BuiltProgram.composeExecutor],
        environment: ["DOCKER_HOST": engine.dockerHost]
      ).run(within: .seconds(300))
      #expect(result.stdout.trimmingCharacters(in: .whitespacesAndNewlines) == "\(size + 1)")
      let numbers = result.stderr.split(separator: "\n").map { Int($0) }
      let expected = (1...100_000).map { Optional($0) }
      #expect(numbers == expected)
    }
  }

  @Test("with a slow reader blocks the command and buffers nothing", .heavy)
  func backpressure() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withWeb(on: engine) { pod in
      let command = try Command(
        "sh",
        [
          "-c",
          "mkfifo \(pod.sandbox.path("p")); exec \"$0\" exec -T \(pod.task) web sh -c 'yes | head -c 60000000' >\(pod.sandbox.path("p"))",
          BuiltProgram.composeExecutor,
        ],
        environment: ["DOCKER_HOST": engine.dockerHost]
      ).start()
      let pipe = try await eventually("the pipe") {
        let number = open(pod.sandbox.path("p"), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        return number >= 0 ? number : nil
      }
      defer { close(pipe) }
      try await eventually("output in the pipe") {
        var events = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
        return poll(&events, 1, 0) == 1
      }
      // By then the engine has filled the socket buffer.
      var last = 0
      try await eventually("a memory that doesn't grow", every: .milliseconds(500)) {
        let size = try resident(command.pid)
        defer { last = size }
        return size == last
      }
      #expect(last < 40_960, "\(last) KiB")
      var count = 0
      var buffer = [UInt8](repeating: 0, count: 1 << 20)
      _ = fcntl(pipe, F_SETFL, 0)
      while true {
        let size = read(pipe, &buffer, buffer.count)
        if size <= 0 { break }
        count += size
      }
      #expect(count == 60_000_000)
      #expect(try await command.exit() == .exited(0))
    }
  }

  private func resident(_ pid: pid_t) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return Int(line.filter(\.isNumber)) ?? 0
  }
}
