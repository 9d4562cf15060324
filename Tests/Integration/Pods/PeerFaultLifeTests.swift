import DockerEngine
import Foundation
import TestSupport
import Testing

@Suite("A pod with faults that other executors had", .needsEngine, .throttled)
struct PeerFaultLifeTests {
  // https://github.com/hashicorp/nomad/issues/1859
  @Test("continues if the engine's socket is missing for longer than the longest back-off")
  func socketAway() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        steady:
          image: pod-test/busybox
          restart: always
          command: ["sh", "-c", "trap 'exit 0' TERM; echo up; sleep 1000 & wait"]
      """
    try await EngineTap.with(engine) { tap in
      let settings = PodSettings(
        options: ["--grace", "2s"], environment: ["DOCKER_HOST": tap.dockerHost])
      try await withPod(on: engine, file, settings) { pod in
        try await pod.running()
        try await pod.says("up", service: "steady")
        try await tap.close()
        try await pod.executor.line(containing: "the engine is away", in: .stderr)
        // The container's exit meanwhile is an event that nobody receives.
        try await engine.docker("kill", "\(pod.task)_steady").output()
        let gone = ContinuousClock.now
        try await eventually("an outage of five seconds") { .now - gone > .seconds(5) }
        #expect(pod.executor.status == nil)
        try await tap.open()
        try await pod.executor.line(containing: "the engine is back", in: .stderr)
        try await eventually("the container runs again", within: .seconds(300)) {
          pod.output(of: "steady").filter { $0 == "up" }.count == 2
        }
        pod.send(SIGTERM)
        #expect(try await pod.ended().status == .exited(130))
      }
    }
  }

  @Test("that is killed while the socket is missing stops after the socket is back")
  func killedWhileAway() async throws {
    let engine = try #require(TestEngine.all.first)
    try await EngineTap.with(engine) { tap in
      let settings = PodSettings(
        options: ["--grace", "1s", "--cleanup-timeout", "30s"],
        environment: ["DOCKER_HOST": tap.dockerHost])
      try await withPod(on: engine, "services:\n  web: {image: founding/base}\n", settings) { pod in
        try await pod.running()
        try await tap.close()
        try await pod.executor.line(containing: "the engine is away", in: .stderr)
        pod.send(SIGTERM)
        let gone = ContinuousClock.now
        try await eventually("an outage of five seconds") { .now - gone > .seconds(5) }
        try await tap.open()
        let end = try await pod.ended()
        #expect(end.status == .exited(130), "\(end)")
        #expect(end.states.last == "TASK_KILLED", "\(end)")
      }
    }
  }

  // https://github.com/hashicorp/nomad/issues/12216
  @Test(
    "fails if its infrastructure container disappears, and starts nothing without it",
    arguments: ["running", "starting"], ["kill", "rm -f"])
  func infraVanishes(phase: String, how: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        steady: {image: founding/base, restart: always}
        checked:
          image: founding/base
          restart: always
          healthcheck: {test: ["CMD", "test", "-e", "/tmp/done"], interval: 300ms, retries: 1000}
        late: {image: founding/base, depends_on: {checked: {condition: service_healthy}}}
      """
    // The events must report it: the next list of the containers is far away.
    let settings = PodSettings(
      options: ["--share", "net", "--grace", "2s", "--relist-interval", "10m"])
    try await withPod(on: engine, file, settings) { pod in
      try await eventually("what starts before the check") {
        try await engine.docker("ps", "-q", "--filter", "name=\(pod.task)_").output()
          .split(separator: "\n").count == 3
      }
      if phase == "running" {
        try await engine.docker("exec", "\(pod.task)_checked", "touch", "/tmp/done").output()
        try await pod.running()
      }
      try await engine.docker(how.split(separator: " ").map(String.init) + ["\(pod.task)_infra"])
        .output()
      let end = try await pod.ended(within: .seconds(180))
      #expect(end.status == .exited(1), "\(end)")
      #expect(end.states.last == "TASK_FAILED", "\(end)")
      #expect(end.message.contains("infrastructure container"), "\(end)")
      if phase == "starting" { #expect(!end.states.contains("TASK_RUNNING"), "\(end)") }
    }
  }
}
