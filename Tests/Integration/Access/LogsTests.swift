import Foundation
import TestSupport
import Testing

@Suite("logs", .needsEngine, .throttled)
struct LogsTests {
  private static let file = """
    services:
      web:
        image: pod-test/busybox
        command: ["sh", "-c", "trap 'exit 0' TERM; for i in 1 2 3 4; do echo w$$i; echo e$$i >&2; sleep 0.3; done; sleep 1000 & wait"]
      database:
        image: pod-test/busybox
        tty: true
        command: ["sh", "-c", "trap 'exit 0' TERM; for i in 1 2 3 4; do sleep 0.2; echo d$$i; done; sleep 1000 & wait"]
    """

  private func withLines(
    on engine: TestEngine, _ body: (RunningPod) async throws -> Void
  ) async throws {
    try await withPod(on: engine, Self.file) { pod in
      try await pod.says("w4", service: "web")
      try await pod.says("e4", service: "web", in: .stderr)
      try await pod.says("d4\r", service: "database")
      try await body(pod)
    }
  }

  private func lines(_ text: String, of service: String? = nil) -> [String] {
    // Splits bytes: a carriage return and a newline are one character.
    let all = text.utf8.split(separator: 0x0a).map { String(decoding: $0, as: UTF8.self) }
    guard let service else { return all }
    return all.filter { $0.hasPrefix(service) }
      .map { String($0.drop { $0 != "|" }.dropFirst(2)) }
  }

  @Test(
    "equal those of Docker Compose by service, tail, times, prefix", arguments: TestEngine.all)
  func matrix(on engine: TestEngine) async throws {
    try await withLines(on: engine) { pod in
      let cases: [[String]] = [
        [], ["--tail", "2"], ["--tail", "0"], ["-n", "all"], ["--since", "1h"],
        ["--since", "2099-01-01"], ["--until", "1h"], ["-t"], ["--tail", "3", "-t"],
      ]
      for options in cases {
        let compose = try await pod.composeLogs(options)
        let chosen: [[String]] = [[], ["web"], ["database"], ["web", "database"]]
        for services in chosen {
          let own = try await pod.command(["logs"] + options + [pod.task] + services).run()
          #expect(own.status == .exited(0), "\(own)")
          for service in services.isEmpty ? ["web", "database"] : services {
            #expect(
              lines(own.stdout, of: service) == lines(compose, of: "\(pod.task)_\(service)"),
              "\(options) \(services)")
          }
          let others = lines(own.stdout).filter { line in
            !services.isEmpty && !services.contains { line.hasPrefix($0) }
          }
          #expect(others == [])
        }
      }
    }
  }

  @Test("are ordered by time, with a prefix as wide as the widest")
  func order() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withLines(on: engine) { pod in
      let times = lines(try await pod.command("logs", "-t", pod.task).run().stdout)
        .map { String($0.split(separator: "|")[1].split(separator: " ")[0]) }
      #expect(times.count == 12 && times == times.sorted())
      let text = try await pod.command("logs", pod.task).run().stdout
      #expect(text.contains("web       | w1\n") && text.contains("database  | d1\r\n"))
      let bare = try await pod.command("logs", "--no-log-prefix", "--tail", "1", pod.task, "web")
        .run()
      #expect(bare.stdout == "e4\n" || bare.stdout == "w4\n")
      // A service that is named twice has its lines once.
      let twice = try await pod.command("logs", pod.task, "web", "web").run().stdout
      #expect(lines(twice).count == 8, "\(twice)")
      let full = try await Command(
        "sh", ["-c", "exec \"$0\" logs \(pod.task) >/dev/full", BuiltProgram.composeExecutor],
        environment: ["DOCKER_HOST": engine.dockerHost]
      ).run()
      #expect(
        full.status == .exited(1) && full.stderr.hasSuffix("No space left on device\n"), "\(full)")
      let colored = try await pod.command(
        "logs", "--ansi", "always", "--tail", "1", pod.task, "web"
      ).run()
      #expect(colored.stdout.hasPrefix("\u{1b}[33mweb  |\u{1b}[0m "), "\(colored.stdout)")
      // Between two lines.
      let cut = times[5]
      let since = try await pod.command("logs", "--since", cut, pod.task).run().stdout
      let until = try await pod.command("logs", "--until", cut, pod.task).run().stdout
      #expect(lines(since).count == 7 && lines(until).count == 6)
    }
  }

  @Test("are objects with --format json")
  func json() async throws {
    struct Object: Decodable {
      var time, service, container, stream, line: String
    }
    let engine = try #require(TestEngine.all.first)
    try await withLines(on: engine) { pod in
      let text = try await pod.command("logs", "--format", "json", pod.task).run().stdout
      let objects = try lines(text).map {
        try JSONDecoder().decode(Object.self, from: Data($0.utf8))
      }
      #expect(objects.count == 12)
      #expect(objects.filter { $0.stream == "stderr" }.map(\.line) == ["e1", "e2", "e3", "e4"])
      #expect(Set(objects.map(\.container)) == ["\(pod.task)_web", "\(pod.task)_database"])
      #expect(objects.map(\.time) == objects.map(\.time).sorted())
    }
  }

  @Test("name the fault: the pod, the service, an option")
  func failures() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withLines(on: engine) { pod in
      for (words, code, text) in [
        (
          ["no-such-pod", "--work-dir", "/nonexistent"], 1,
          "no sandbox of the pod was found below /nonexistent"
        ),
        ([pod.task, "nothing"], 1, "has no service 'nothing'; it has database, web"),
        ([pod.task, "--since", "x"], 2, "--since x: expected a time"),
        ([pod.task, "--tail", "x"], 2, "--tail x: expected a number"),
        ([pod.task, "--format", "x"], 2, "--format x: expected text or json"),
        ([pod.task, "--ansi", "x"], 2, "--ansi x: expected never, auto or always"),
      ] {
        let result = try await pod.command(["logs"] + words).run()
        #expect(result.status == .exited(Int32(code)) && result.stderr.contains(text), "\(result)")
      }
    }
  }

  @Test("come from the sandbox after the pod's cleanup")
  func gone() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withTemporaryDirectory { work in
      let path = "slaves/a/frameworks/f/executors/marathon-gone.1/runs/1234"
      try work.write("\(path)/stdout", "web | one\ndb | two\nweb | three\n")
      try work.write("\(path)/stderr", "web | four\n")
      func said(_ words: [String]) async throws -> CommandResult {
        try await Command(
          BuiltProgram.composeExecutor, ["logs"] + words,
          environment: ["DOCKER_HOST": engine.dockerHost, "MESOS_WORK_DIR": work.path]
        ).run()
      }
      for pod in ["gone.1", "gone", "marathon-gone.1", "1234"] {
        let web = try await said([pod, "web"])
        #expect(web.stdout == "web  | one\nweb  | three\nweb  | four\n", "\(web)")
      }
      let last = try await said(["gone.1", "--tail", "1", "-f", "-t"])
      #expect(
        last.stdout == "web  | three\nweb  | four\n" && last.stderr.contains("have no times"),
        "\(last)")
      let named = try await said(["x", "--sandbox", work.path(path), "db"])
      #expect(named.stdout == "db  | two\n", "\(named)")
    }
  }
}
