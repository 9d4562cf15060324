import Foundation
import TestSupport
import Testing

@Suite("Output of services", .needsEngine, .throttled)
struct OutputTests {
  @Test("is separate for stdout and stderr, each in order", arguments: TestEngine.all)
  func apart(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine,
      """
      services:
        web:
          image: pod-test/busybox
          command: ["sh", "-c", "for i in $$(seq 1 500); do echo out $$i; echo err $$i >&2; done"]
      """)
    #expect(end.output(of: "web") == (1...500).map { "out \($0)" })
    #expect(end.output(of: "web", .stderr) == (1...500).map { "err \($0)" })
  }

  @Test("has whole lines if three services write at the same time", arguments: TestEngine.all)
  func whole(on engine: TestEngine) async throws {
    let services = ["one", "two", "three"]
    let file = services.reduce("services:\n") { text, name in
      text + """
          \(name):
            image: pod-test/busybox
            command: ["awk", "BEGIN { for (i = 1; i <= 20000; i++) print \\"\(name) line \\" i }"]

        """
    }
    let end = try await podEnd(on: engine, file)
    #expect(end.status == .exited(0))
    for name in services {
      #expect(end.output(of: name) == (1...20000).map { "\(name) line \($0)" })
    }
    #expect(end.stdout.count == 60_000 + 3)
  }

  @Test(
    "includes a last line without a newline, empty lines and bytes that aren't UTF-8",
    arguments: TestEngine.all)
  func odd(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine,
      """
      services:
        web:
          image: pod-test/busybox
          command: ["printf", "a\\\\n\\\\n\\\\377b\\\\nno newline"]
      """)
    #expect(end.output(of: "web") == ["a", "", "\u{fffd}b", "no newline"], "\(end)")
  }

  @Test("has long lines that are not cut", arguments: TestEngine.all)
  func long(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine,
      """
      services:
        web:
          image: pod-test/busybox
          command: ["sh", "-c", "head -c 300000 /dev/zero | tr '\\\\0' x; echo; echo after"]
      """)
    #expect(end.output(of: "web").map(\.count) == [300_000, 5])
  }

  @Test("has whole lines of several megabytes, as in Compose", arguments: TestEngine.all)
  func veryLong(on engine: TestEngine) async throws {
    // Lines with task states can be printed between the pieces: TASK_RUNNING waits until the line
    // is written.
    let file = """
      services:
        web:
          image: pod-test/busybox
          command:
          - sh
          - -c
          - >-
            head -c 3000000 /dev/zero | tr '\\0' x; echo;
            until [ -e /box/seen ]; do sleep 0.1; done; echo after; echo err >&2
          volumes: ["./box:/box"]
          healthcheck: {test: "test -e /box/seen", interval: 200ms, retries: 1000}
      """
    try await withPod(on: engine, file, PodSettings(files: ["box/.keep": ""])) { pod in
      try await pod.executor.line("the long line", within: .seconds(180)) { $0.count > 1_000_000 }
      try pod.sandbox.write("box/seen", "")
      let end = try await pod.ended()
      #expect(end.output(of: "web").map(\.count) == [3_000_000, 5])
    }
    #expect(try await composeOutput(of: file, on: engine).map(\.count) == [3_000_000, 5])
  }

  /// The output of Compose's `up` for the service.
  private func composeOutput(of file: String, on engine: TestEngine) async throws -> [String] {
    let compose = try #require(ProcessInfo.processInfo.environment["COMPOSE5"], "needs Compose 5")
    return try await withTemporaryDirectory { directory in
      try directory.write("compose.yaml", file)
      try directory.write("box/seen", "")
      func run(_ arguments: String...) async throws -> String {
        try await Command(
          compose, arguments, environment: ["DOCKER_HOST": engine.dockerHost],
          directory: directory.path
        ).run().stdout
      }
      let name = "it-\(UUID().uuidString.lowercased())"
      let output = try await run("-p", name, "up")
      _ = try await run("-p", name, "down")
      let prefix = "web-1  | "
      return output.utf8.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
        .filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }
  }

  @Test(
    "keeps the carriage returns of a terminal's lines, as in Compose's output",
    arguments: TestEngine.all)
  func terminal(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          tty: true
          command: ["sh", "-c", "test -t 1 && echo a terminal; echo to stderr >&2; printf 'a\\rb\\n'"]
      """
    let end = try await podEnd(on: engine, file)
    #expect(end.status == .exited(0), "\(end)")
    #expect(end.output(of: "web") == ["a terminal\r", "to stderr\r", "a\rb\r"])
    #expect(try await composeOutput(of: file, on: engine) == end.output(of: "web"))
  }

  @Test("includes the last lines before a container's exit", arguments: TestEngine.all)
  func lastWords(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command:
            - sh
            - -c
            - 'trap "seq 1 2000; exit 0" TERM; echo up; sleep 1000 & wait'
      """
    try await withPod(on: engine, file) { pod in
      try await pod.says("up", service: "web")
      try await pod.running()
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.output(of: "web") == ["up"] + (1...2000).map(String.init))
    }
  }

  @Test("without a reader doesn't stop the pod", arguments: TestEngine.all)
  func readerGone(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          volumes: ["./seen:/seen"]
          command:
            - sh
            - -c
            - 'trap "exit 0" TERM; while :; do echo tick; echo x >> /seen/ticks; sleep 0.05; done'
      """
    let settings = PodSettings(
      files: ["seen/ticks": ""], shell: "mkfifo pipe; exec \"$@\" > pipe")
    try await withPod(on: engine, file, settings) { pod in
      func ticks() throws -> Int {
        try String(contentsOfFile: pod.sandbox.path("seen/ticks"), encoding: .utf8).count
      }
      let pipe = try await eventually("the pipe") {
        let number = open(pod.sandbox.path("pipe"), O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        return number >= 0 ? number : nil
      }
      try await eventually("the first ticks", within: .seconds(300)) { try ticks() > 4 }
      close(pipe)
      let before = try ticks()
      try await eventually("more ticks") { try ticks() > before + 40 }
      pod.send(SIGTERM)
      #expect(try await pod.executor.exit(within: .seconds(300)) == .exited(130))
    }
  }
}
