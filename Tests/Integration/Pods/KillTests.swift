import Foundation
import TestSupport
import Testing

@Suite("A pod that is stopped by a signal", .needsEngine, .throttled)
struct KillTests {
  /// Six services, each of which waits for the previous one.
  private static let chain = (1...6).reduce("services:\n") { text, number in
    text + "  s\(number):\n    image: founding/base\n"
      + (number > 1 ? "    depends_on: [s\(number - 1)]\n" : "")
  }

  @Test("during a pull cancels the pull", arguments: TestEngine.all)
  func duringPull(on engine: TestEngine) async throws {
    let registry = try FalseRegistry(.stalls)
    let file = """
      services:
        ready:
          image: founding/base
        late:
          image: \(registry.image("late:1"))
      """
    try await withPod(on: engine, file) { pod in
      try await eventually("a request to the registry") { registry.requests > 0 }
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(300))
      #expect(end.status == .exited(130))
      #expect(end.states == ["TASK_STARTING", "TASK_KILLED"])
    }
    withExtendedLifetime(registry) {}
  }

  @Test("during a build cancels the build", arguments: TestEngine.all)
  func duringBuild(on engine: TestEngine) async throws {
    let mark = UUID().uuidString
    let file = "services:\n  web:\n    build: .\n"
    let recipe = "FROM pod-test/busybox\nRUN sleep 1000 && echo \(mark)\n"
    func building() async throws -> Bool {
      try await engine.docker("ps", "--no-trunc", "--format", "{{.Command}}").output()
        .contains(mark)
    }
    try await withPod(on: engine, file, PodSettings(files: ["Dockerfile": recipe])) { pod in
      try await eventually("the build", within: .seconds(300)) { try await building() }
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(300))
      #expect(end.status == .exited(130), "\(end)")
      #expect(end.states == ["TASK_STARTING", "TASK_KILLED"])
      try await eventually("the end of the build") { try await !building() }
    }
  }

  @Test(
    "at any step of its launch removes the objects that exist by then",
    arguments: TestEngine.all, ["network create", "container create", "container start"])
  func duringLaunch(on engine: TestEngine, moment: String) async throws {
    let words = moment.split(separator: " ")
    let run = UUID().uuidString.lowercased()
    let watch = try engine.docker(
      "events", "--filter", "type=\(words[0])", "--filter", "event=\(words[1])", "--format",
      "{{.Type}} {{.Action}} {{.Actor.Attributes.name}}", "--since", "0s"
    ).start()
    defer { watch.send(SIGTERM) }
    let task = "it-\(run.prefix(8))"
    try await withPod(on: engine, Self.chain, PodSettings(task: task, run: run)) { pod in
      try await watch.line(containing: task)
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(300))
      #expect(end.status == .exited(130), "\(end)")
      #expect(end.states.first == "TASK_STARTING")
      #expect(end.states.last == "TASK_KILLED")
      #expect(end.message == "killed by SIGTERM")
    }
  }

  @Test(
    "stops on SIGINT, SIGTERM and SIGHUP alike",
    arguments: TestEngine.all, [SIGINT, SIGTERM, SIGHUP])
  func bySignal(on engine: TestEngine, signal: Int32) async throws {
    try await withPod(on: engine, "services:\n  web:\n    image: founding/base\n") { pod in
      try await pod.running()
      pod.send(signal)
      let end = try await pod.ended(within: .seconds(300))
      #expect(end.status == .exited(130))
      #expect(end.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLED"])
    }
  }

  @Test("stops dependents before what they depend on", arguments: TestEngine.all)
  func reverseOrder(on engine: TestEngine) async throws {
    func service(_ name: String, after other: String?) -> String {
      """
        \(name):
          image: pod-test/busybox
          command: ["sh", "-c", "trap 'echo \(name) stops; exit 0' TERM; echo up; sleep 1000 & wait"]
      \(other.map { "    depends_on: [\($0)]" } ?? "")

      """
    }
    let file =
      "services:\n" + service("store", after: nil) + service("api", after: "store")
      + service("web", after: "api")
    try await withPod(on: engine, file) { pod in
      for name in ["store", "api", "web"] { try await pod.says("up", service: name) }
      try await pod.running()
      let watch = try engine.docker(
        "events", "--filter", "label=mesos.container_id=\(pod.run)", "--filter", "event=die",
        "--format", "{{index .Actor.Attributes \"com.docker.compose.service\"}}", "--since", "0s"
      ).start()
      defer { watch.send(SIGTERM) }
      pod.send(SIGTERM)
      let end = try await pod.ended()
      try await watch.line(containing: "store")
      #expect(watch.lines() == ["web", "api", "store"])
      for name in ["store", "api", "web"] {
        #expect(end.output(of: name).last == "\(name) stops")
      }
    }
  }

  private static let deaf = """
    services:
      deaf:
        image: pod-test/busybox
        command: ["sh", "-c", "trap 'echo not me' TERM; echo up; while :; do sleep 0.1; done"]
    """

  @Test("kills a container that ignores TERM after the grace", arguments: TestEngine.all)
  func ignoresTERM(on engine: TestEngine) async throws {
    let file = Self.deaf + "\n    stop_grace_period: 10m\n"
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "2s"])) { pod in
      try await pod.says("up", service: "deaf")
      try await pod.running()
      let clock = ContinuousClock.now
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(180))
      #expect(end.status == .exited(130))
      #expect(ContinuousClock.now - clock >= .seconds(2))
      #expect(end.output(of: "deaf").contains("not me"))
    }
  }

  @Test("waits no longer than the file's stop_grace_period", arguments: TestEngine.all)
  func gracePeriod(on engine: TestEngine) async throws {
    // Without its own period, the service would have the longest one of the file.
    let file =
      Self.deaf + "\n    stop_grace_period: 1s\n"
      + "  other: {image: founding/base, stop_signal: SIGKILL, stop_grace_period: 10m}\n"
    try await withPod(on: engine, file) { pod in
      try await pod.says("up", service: "deaf")
      try await pod.running()
      pod.send(SIGTERM)
      #expect(try await pod.ended(within: .seconds(180)).status == .exited(130))
    }
  }

  @Test("skips the rest of the grace after a second signal", arguments: TestEngine.all)
  func secondTERM(on engine: TestEngine) async throws {
    try await withPod(on: engine, Self.deaf, PodSettings(options: ["--grace", "10m"])) { pod in
      try await pod.says("up", service: "deaf")
      try await pod.running()
      pod.send(SIGTERM)
      try await pod.says("not me", service: "deaf")
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(180))
      #expect(end.status == .exited(130))
    }
  }

  @Test("sends the file's stop_signal", arguments: TestEngine.all)
  func stopSignal(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          stop_signal: SIGUSR1
          command: ["sh", "-c", "trap 'echo usr1; exit 0' USR1; echo up; sleep 1000 & wait"]
      """
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "50s"])) { pod in
      try await pod.says("up", service: "web")
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(300))
      #expect(end.output(of: "web") == ["up", "usr1"])
    }
  }
}
