import Foundation
import TestSupport
import Testing

@Suite("logs -f", .needsEngine, .throttled)
struct LogsFollowTests {
  private func lines(_ command: RunningCommand, of service: String) -> [String] {
    command.lines().filter { $0.hasPrefix("\(service) ") }
      .map { String($0.drop { $0 != "|" }.dropFirst(2)) }
  }

  @Test(
    "continue over restarts without lost or repeated lines, and end with the pod",
    arguments: TestEngine.all)
  func restarts(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          restart: always
          volumes: ["./state:/state"]
          command:
            - sh
            - -c
            - 'n=$$(cat /state/n); echo $$((n + 1)) > /state/n; for i in 1 2 3; do echo run $$n line $$i; done; sleep 0.5; echo last $$n; [ $$n -lt 3 ] || sleep 1000'
        idle:
          image: pod-test/busybox
          command: ["sleep", "1000"]
      """
    try await withPod(on: engine, file, PodSettings(files: ["state/n": "0"])) { pod in
      try await pod.says("run 0 line 1", service: "web")
      let follow = try pod.command("logs", "-f", pod.task).start()
      let expected = (0...3).flatMap { run in
        (1...3).map { "run \(run) line \($0)" } + ["last \(run)"]
      }
      try await follow.line(containing: "last 3", within: .seconds(180))
      #expect(lines(follow, of: "web") == expected)
      pod.send(SIGTERM)
      #expect(try await follow.exit(within: .seconds(180)) == .exited(0))
      #expect(lines(follow, of: "web") == expected)
    }
  }

  @Test("show no older line with --tail 0, and only those of the given services")
  func tail() async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: ["sh", "-c", "trap 'exit 0' TERM; echo early; while ! test -e /tmp/go; do sleep 0.05; done; echo late; sleep 1000 & wait"]
        other:
          image: pod-test/busybox
          command: ["sh", "-c", "while :; do echo other; sleep 0.1; done"]
      """
    let engine = try #require(TestEngine.all.first)
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      try await pod.says("early", service: "web")
      let follow = try pod.command("logs", "-f", "--tail", "0", pod.task, "web").start()
      // It follows as soon as another one that was started after it prints a line.
      let witness = try pod.command("logs", "-f", pod.task, "web").start()
      try await witness.line(containing: "early")
      try await pod.exec(["-T"], "web", ["touch", "/tmp/go"]).output()
      try await follow.line(containing: "late")
      #expect(follow.lines() == ["web  | late"])
      follow.send(SIGTERM)
      witness.send(SIGTERM)
      _ = try await (follow.exit(), witness.exit())
    }
  }

  @Test("of a service that floods have every line, in order", .heavy)
  func flood() async throws {
    let engine = try #require(TestEngine.all.first)
    let count = 700_000
    // The pod's own output is discarded, so that the test doesn't block the container.
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: ["sh", "-c", "while ! test -e /tmp/go; do sleep 0.05; done; seq 1 \(count); echo end; sleep 1000"]
      """
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      let path = pod.sandbox.path("log")
      let follow = try Command(
        "sh",
        [
          "-c", "exec \"$0\" logs -f --no-log-prefix \(pod.task) >\(path)",
          BuiltProgram.composeExecutor,
        ],
        environment: ["DOCKER_HOST": engine.dockerHost]
      ).start()
      try await pod.exec(["-T"], "web", ["touch", "/tmp/go"]).output()
      try await eventually("the end", within: .seconds(300)) {
        // Docker 20.10 sends a part again after it has rotated a log that is followed.
        try await Command("grep", ["-c", "^end$", path]).run().stdout != "0\n"
      }
      let status = try String(contentsOfFile: "/proc/\(follow.pid)/status", encoding: .utf8)
      let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
      let kibibytes: Int = Int(peak.filter(\.isNumber)) ?? .max
      #expect(kibibytes < 81_920, "\(peak)")
      let result = try await Command(
        "sh",
        [
          "-c",
          "(seq 1 \(count); echo end) >\(path).all; head -n \(count + 1) \(path) | cmp - \(path).all",
        ]
      )
      .run()
      #expect(result.status == .exited(0), "\(result)")
      follow.send(SIGTERM)
      _ = try await follow.exit()
    }
  }

  @Test("end if their reader exits")
  func reader() async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: ["sh", "-c", "while :; do echo tick; sleep 0.05; done"]
      """
    let engine = try #require(TestEngine.all.first)
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      let result = try await Command(
        "sh", ["-c", "\"$0\" logs -f \(pod.task) | head -n 1", BuiltProgram.composeExecutor],
        environment: ["DOCKER_HOST": engine.dockerHost]
      ).run()
      #expect(result.stdout == "web  | tick\n")
    }
  }

  @Test("name a service whose log driver can't be read, and continue with the others")
  func driver() async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: ["sh", "-c", "echo up; sleep 1000"]
        quiet:
          image: pod-test/busybox
          logging: {driver: gelf, options: {gelf-address: "udp://127.0.0.1:9", cache-disabled: "true"}}
          command: ["sh", "-c", "echo unseen; sleep 1000"]
      """
    let engine = try #require(TestEngine.all.first)
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      try await pod.says("up", service: "web")
      try await pod.says("unseen", service: "quiet")
      let result = try await pod.command("logs", pod.task).run()
      #expect(result.status == .exited(1) && result.stdout == "web    | up\n", "\(result)")
      #expect(
        result.stderr.contains("'quiet' has a log driver that can't be read; its output is in"))
    }
  }
}
