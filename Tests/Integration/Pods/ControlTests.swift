import Foundation
import TestSupport
import Testing

@Suite("A service that an operator restarts", .needsEngine, .throttled)
struct ControlTests {
  private func command(_ pod: RunningPod, _ arguments: String...) -> Command {
    let line = pod.engine.enter([BuiltProgram.composeExecutor] + arguments)
    return Command(
      line[0], Array(line.dropFirst()), environment: ["DOCKER_HOST": pod.engine.dockerHost])
  }

  private func starts(_ pod: RunningPod, _ services: String...) async throws -> [String] {
    var result: [String] = []
    for service in services {
      result.append(
        try await pod.engine.docker(
          "inspect", "--format", "{{.State.Running}} {{.State.StartedAt}}",
          "\(pod.task)_\(service)"
        ).output())
    }
    return result
  }

  private static let idle = "[sh, -c, \"trap 'exit 0' TERM; while :; do sleep 0.1; done\"]"

  @Test(
    "starts again, whatever its restart policy and exit code", arguments: TestEngine.all,
    ["no", "always", "on-failure:1", "unless-stopped"])
  func policies(on engine: TestEngine, policy: String) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: \(Self.idle)
          restart: "\(policy)"
          healthcheck: {test: [CMD, "true"], interval: 1s}
        other: {image: pod-test/busybox, command: \(Self.idle)}
        hard: {image: pod-test/busybox, command: [sleep, "1000"], stop_signal: SIGKILL}
      """
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      let before = try await starts(pod, "web", "other", "hard")
      for _ in 0..<2 {
        #expect(try await command(pod, "restart", pod.task, "web").run().status == .exited(0))
        // The service is healthy again.
        #expect(
          try await engine.docker(
            "inspect", "--format", "{{.State.Health.Status}}", "\(pod.task)_web"
          ).output() == "healthy")
      }
      #expect(try await command(pod, "restart", pod.task, "hard").run().status == .exited(0))
      let after = try await starts(pod, "web", "other", "hard")
      #expect(after[0] != before[0] && after[1] == before[1] && after[2] != before[2])
      #expect(after.allSatisfy { $0.hasPrefix("true ") })
      let events = try await command(pod, "events", pod.task, "--format", "json").output()
      #expect(events.components(separatedBy: "service-restarting").count >= 4, "\(events)")
      #expect(try await command(pod, "stop", pod.task).run().status == .exited(0))
      #expect(try await pod.ended().status == .exited(130))
    }
  }

  @Test("restarts the services that share its namespaces or follow it", arguments: TestEngine.all)
  func groups(on engine: TestEngine) async throws {
    let file = """
      services:
        web: {image: pod-test/busybox, command: \(Self.idle)}
        net:
          image: pod-test/busybox
          command: \(Self.idle)
          network_mode: service:web
        pid:
          image: pod-test/busybox
          command: \(Self.idle)
          pid: service:net
        client:
          image: pod-test/busybox
          command: \(Self.idle)
          depends_on: {web: {condition: service_started, restart: true}}
        other:
          image: pod-test/busybox
          command: \(Self.idle)
          depends_on: [web]
      """
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      let before = try await starts(pod, "web", "net", "pid", "client", "other")
      #expect(try await command(pod, "restart", pod.task, "web").run().status == .exited(0))
      let after = try await starts(pod, "web", "net", "pid", "client", "other")
      for index in 0..<4 { #expect(after[index] != before[index], "\(index)") }
      #expect(after[4] == before[4])
      #expect(after.allSatisfy { $0.hasPrefix("true ") })
    }
  }

  @Test("restarts all of its containers, or the named one", arguments: TestEngine.all)
  func scaled(on engine: TestEngine) async throws {
    let file = "services:\n  web: {image: pod-test/busybox, command: \(Self.idle), scale: 2}\n"
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      let before = try await starts(pod, "web-1", "web-2")
      #expect(try await command(pod, "restart", pod.task, "web-2").run().status == .exited(0))
      let between = try await starts(pod, "web-1", "web-2")
      #expect(between[0] == before[0] && between[1] != before[1])
      #expect(try await command(pod, "restart", pod.task, "web").run().status == .exited(0))
      let after = try await starts(pod, "web-1", "web-2")
      #expect(after[0] != between[0] && after[1] != between[1])
    }
  }

  @Test(
    "is refused if it is absent or completed, or during the launch", arguments: TestEngine.all)
  func refused(on engine: TestEngine) async throws {
    let file = """
      services:
        done: {image: pod-test/busybox, command: ["true"]}
        web:
          image: pod-test/busybox
          command: \(Self.idle)
          healthcheck: {test: [CMD, test, -e, /box/up], interval: 1s, retries: 100}
          volumes: [".:/box"]
      """
    try await withPod(on: engine, file) { pod in
      func words(_ service: String) async throws -> String {
        let result = try await command(pod, "restart", pod.task, service).run()
        #expect(result.status == .exited(1))
        return result.stderr
      }
      try await eventually("its start", within: .seconds(300)) {
        try await command(pod, "restart", pod.task, "web").run().stderr.contains("is launching")
      }
      try pod.sandbox.write("up", "")
      try await pod.running()
      #expect(try await words("nope").contains("the pod has no service 'nope': it has done, web"))
      #expect(try await words("done").contains("'done' has exited with 0"))
    }
  }

  @Test("fails its pod if it is unhealthy then; the command prints it", arguments: TestEngine.all)
  func unhealthy(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [sh, -c, "[ -e /box/once ] && touch /box/sick; touch /box/once; exec sleep 1000"]
          stop_signal: SIGKILL
          healthcheck: {test: [CMD, test, "!", -e, /box/sick], interval: 1s, retries: 1}
          volumes: [".:/box"]
      """
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      let result = try await command(pod, "restart", pod.task, "web").run()
      #expect(result.status == .exited(1))
      #expect(result.stderr.contains("service 'web' is unhealthy"), "\(result.stderr)")
      #expect(try await pod.ended().states.last == "TASK_FAILED")
    }
  }

  @Test("is stopped with the pod, and only one restart runs", arguments: TestEngine.all)
  func crossing(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [sh, -c, "trap '' TERM; echo up; while :; do sleep 0.1; done"]
          stop_grace_period: 5m
      """
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      let restart = try command(pod, "restart", pod.task, "web").start()
      try await pod.executor.line("the restart", in: .stderr) {
        $0.contains("an operator requested a restart")
      }
      let second = try await command(pod, "restart", pod.task, "web").run()
      #expect(second.stderr.contains("service 'web' is being restarted: try again"))
      let stop = try await command(pod, "stop", pod.task, "--grace", "1s").run()
      #expect(stop.status == .exited(0), "\(stop)")
      let result = try await restart.result()
      #expect(result.status == .exited(1) && result.stderr.contains("the pod is stopping"))
      #expect(try await pod.ended().states.last == "TASK_KILLED")
    }
  }

  @Test("doesn't see the control socket in its containers", arguments: TestEngine.all)
  func invisible(on engine: TestEngine) async throws {
    let file = "services:\n  web: {image: pod-test/busybox, command: \(Self.idle)}\n"
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      let result = try await engine.docker(
        "exec", "\(pod.task)_web", "ls", "/run/compose-executor"
      ).run()
      #expect(result.status == .exited(1))
    }
  }
}
