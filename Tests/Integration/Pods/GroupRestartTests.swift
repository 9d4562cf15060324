import Foundation
import TestSupport
import Testing

/// Services that restart with another one: because they share its namespaces, or because of
/// `depends_on` with `restart: true`.
@Suite("Services that are restarted together", .needsEngine, .throttled)
struct GroupRestartTests {
  /// A service that ignores its stop signal.
  private static func deaf(_ name: String, _ keys: String) -> String {
    "  \(name): {image: pod-test/busybox, command: [sleep, '1000'], \(keys)}"
  }

  private func log(of pod: RunningPod) throws -> [String] {
    try String(contentsOfFile: pod.sandbox.path("log"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  private func grace(_ time: String) -> PodSettings { PodSettings(options: ["--grace", time]) }

  @Test(
    "the pod's stop signals every service at once, even during a stop for a restart",
    arguments: [1, 5], TestEngine.all)
  func endMeanwhile(joined count: Int, on engine: TestEngine) async throws {
    let joined = (1...count).map {
      GroupFile.obedient("j\($0)", "network_mode: 'service:owner'", stop: "true")
    }
    let file = GroupFile.of(
      joined.joined(separator: "\n"), GroupFile.obedient("other", "init: false"))
    // In sequence, each joined service would delay it by 2 s.
    let limit = Duration.seconds(8)
    let took = try await leastDuration(below: limit) {
      try await withPod(on: engine, file, grace("60s")) { pod in
        try await pod.running()
        try await pod.says("up", service: "other")
        try pod.sandbox.write("go", "")
        try await pod.says("told", service: "j\(count)", within: .seconds(300))
        let clock = ContinuousClock.now
        pod.send(SIGTERM)
        try await pod.says("told", service: "other")
        let took = ContinuousClock.now - clock
        pod.send(SIGTERM)
        let end = try await pod.ended()
        #expect(end.status == .exited(130), "\(end)")
        #expect(!end.stderr.contains { $0.contains("is not read") })
        return took
      }
    }
    #expect(took < limit)
  }

  @Test("a service being stopped for a restart has the pod's grace", arguments: TestEngine.all)
  func stopping(on engine: TestEngine) async throws {
    let file = GroupFile.of(
      GroupFile.obedient(
        "j1", "network_mode: 'service:owner'\n    stop_grace_period: 60s",
        stop: "sleep 6; echo j1 done >>/box/log; exit 0"))
    try await withPod(on: engine, file, grace("60s")) { pod in
      try await pod.running()
      try await pod.says("up", service: "j1")
      try pod.sandbox.write("go", "")
      try await pod.says("told", service: "j1")
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130), "\(end)")
      #expect(try log(of: pod).contains("j1 done"), "\(end)")
      #expect(!end.stderr.contains { $0.contains("is not read") })
    }
  }

  @Test(
    "a service that starts for the first time waits for an owner that is being restarted",
    arguments: [
      "network_mode: 'service:owner'", "pid: 'service:owner'", "ipc: 'service:owner'",
      "network_mode: 'service:owner'\n    depends_on: [owner]",
      "network_mode: 'service:owner'\n    pre_start: [{command: [sleep, '0.2']}]",
    ])
  func firstStart(keys: String) async throws {
    let file = """
      services:
        owner:
          image: pod-test/busybox
          restart: always
          ipc: shareable
          stop_signal: SIGKILL
          volumes: [".:/box"]
          command:
            - sh
            - -c
            - 'echo x >>/box/tries; [ $$(wc -l </box/tries) -lt 9 ] || exec sleep 1000; exit 1'
        joined:
          image: pod-test/busybox
          command: [sleep, "1000"]
          stop_signal: SIGKILL
          restart: on-failure
          \(keys.replacing("\n    ", with: "\n    "))

      """
    try await withPod(on: try #require(TestEngine.all.first), file) { pod in
      try await pod.running()
      pod.send(SIGTERM)
      #expect(try await pod.ended().status == .exited(130))
    }
  }

  @Test("joined services are stopped in parallel", arguments: TestEngine.all)
  func parallel(on engine: TestEngine) async throws {
    let joined = (1...4).map {
      Self.deaf("j\($0)", "network_mode: 'service:owner', stop_grace_period: 5s")
    }
    let file = GroupFile.of(joined.joined(separator: "\n"))
    // In sequence it takes 20 s.
    let limit = Duration.seconds(15)
    let took = try await leastDuration(below: limit) {
      try await withPod(on: engine, file, grace("0s")) { pod in
        try await pod.running()
        let clock = ContinuousClock.now
        try pod.sandbox.write("go", "")
        try await pod.says("again", service: "owner")
        let took = ContinuousClock.now - clock
        pod.send(SIGTERM)
        #expect(try await pod.ended().status == .exited(130))
        return took
      }
    }
    #expect(took < limit)
  }

  @Test("a check that needs the owner fails nothing during its restart", arguments: TestEngine.all)
  func unhealthy(on engine: TestEngine) async throws {
    let check = "{test: 'test ! -e /box/go || test -e /box/back', interval: 300ms, retries: 2}"
    let file = GroupFile.of(
      "  j1: {image: pod-test/busybox, command: [sleep, '1000'], network_mode: 'service:owner',"
        + " volumes: ['.:/box'], stop_grace_period: 4s, healthcheck: \(check)}")
    try await withPod(on: engine, file, grace("0s")) { pod in
      try await pod.running()
      try pod.sandbox.write("go", "")
      try await pod.executor.line("the restart", in: .stderr) { $0.contains("starting it again") }
      let id = try await engine.docker(
        "ps", "-q", "--filter", "label=mesos.task_id=\(pod.task)", "--filter",
        "label=com.docker.compose.service=j1"
      ).output().trimmingCharacters(in: .whitespacesAndNewlines)
      try await eventually("an unhealthy one") {
        try await engine.docker("inspect", "--format", "{{.State.Health.Status}}", id).output()
          .contains("unhealthy")
      }
      try pod.sandbox.write("back", "")
      try await pod.says("again", service: "owner")
      try await eventually("its return") {
        try await engine.docker("inspect", "--format", "{{.State.Health.Status}}", id).output()
          .hasPrefix("healthy")
      }
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130), "\(end)")
    }
  }

  @Test(
    "services that share the namespaces of joined services restart with them",
    arguments: ["network_mode", "pid", "ipc"])
  func secondDegree(key: String) async throws {
    let file = GroupFile.of(
      GroupFile.obedient("j1", "network_mode: 'service:owner'\n    ipc: shareable"),
      GroupFile.obedient("j2", "\(key): 'service:j1'"))
    try await withPod(on: try #require(TestEngine.all.first), file, grace("2s")) { pod in
      try await pod.running()
      try pod.sandbox.write("go", "")
      try await eventually("two starts of each") {
        try log(of: pod).filter { $0.hasSuffix("starts") }.count == 6
      }
      #expect(try log(of: pod).dropFirst(5).first == "owner starts" || key == "pid")
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130), "\(end)")
    }
  }

  @Test(
    "a group is stopped and started in the order of its dependencies",
    arguments: [
      "network_mode: 'service:owner'",
      "depends_on: {owner: {condition: service_started, restart: true}}",
    ])
  func order(keys: String) async throws {
    let file = GroupFile.of(
      GroupFile.obedient(
        "app",
        keys.replacing("depends_on: {", with: "depends_on: {db: {condition: service_healthy}, ")
          + (keys.hasPrefix("depends")
            ? "" : "\n    depends_on: {db: {condition: service_healthy}}")),
      GroupFile.obedient("db", keys + "\n    healthcheck: {test: [CMD, 'true'], interval: 500ms}"))
    try await withPod(on: try #require(TestEngine.all.first), file, grace("2s")) { pod in
      try await pod.running()
      try pod.sandbox.write("go", "")
      try await eventually("all starts") { try log(of: pod).count == 8 }
      #expect(
        try log(of: pod) == [
          "owner starts", "db starts", "app starts", "app told", "db told", "owner starts",
          "db starts", "app starts",
        ])
      pod.send(SIGTERM)
      #expect(try await pod.ended().status == .exited(130))
    }
  }

  @Test("a post_start that the restart interrupted runs again", arguments: TestEngine.all)
  func postStart(on engine: TestEngine) async throws {
    let hook = "echo hook >>/box/log; test -e /box/again || sleep 1000"
    let file = GroupFile.of(
      GroupFile.obedient(
        "j1",
        "network_mode: 'service:owner'\n    post_start: [{command: [sh, -c, '\(hook)']}]"))
    try await withPod(on: engine, file, grace("2s")) { pod in
      try await eventually("the hook") { (try? log(of: pod).contains("hook")) == true }
      try pod.sandbox.write("go", "")
      try await pod.running()
      #expect(try log(of: pod).filter { $0 == "hook" }.count == 2)
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130), "\(end)")
    }
  }

  @Test("the restart policy of a service that exits at once applies, whatever its post_start does")
  func exitsAtOnce() async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          restart: always
          command: [sh, -c, "echo x"]
          post_start: [{command: [sleep, "1000"]}]

      """
    try await withPod(on: try #require(TestEngine.all.first), file) { pod in
      try await pod.running()
      try await eventually("restarts") { pod.output(of: "web").count > 3 }
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130), "\(end)")
      #expect(
        end.stderr.contains {
          $0.contains("compose.yaml:6:18: the post_start of service 'web'")
            && $0.contains("dropped")
        }, "\(end)")
    }
  }

  @Test("a stop_grace_period below one second is applied", arguments: TestEngine.all)
  func fraction(on engine: TestEngine) async throws {
    let file = GroupFile.of(
      GroupFile.obedient(
        "j1", "network_mode: 'service:owner'\n    stop_grace_period: 900ms",
        stop: "sleep 0.4; echo j1 done >>/box/log; exit 0"))
    // A stall of the machine can exceed the period, but not each time.
    var isDone = false
    for _ in 0..<3 where !isDone {
      isDone = try await withPod(on: engine, file, grace("2s")) { pod in
        try await pod.running()
        try await pod.says("up", service: "j1")
        try pod.sandbox.write("go", "")
        try await pod.says("again", service: "owner")
        let isDone = try log(of: pod).contains("j1 done")
        pod.send(SIGTERM)
        #expect(try await pod.ended().status == .exited(130))
        return isDone
      }
    }
    #expect(isDone)
  }
}
