import Foundation
import Reaping
import Testing
import TestSupport

/// Faults of other executors and drivers with an engine's responses, which this one doesn't have.
@Suite("A response of the engine that is late or lost", .needsEngine, .throttled)
struct PeerFaultAnswerTests {
  private static let one = TestEngine.all.prefix(1)
  private static let file = """
    services:
      a: {image: founding/base, volumes: ["store:/store"]}
      b: {image: founding/base, depends_on: [a]}
    volumes: {store: {}}
    """
  private static func settings(
    _ tap: EngineTap, _ options: String..., cleanup: String = "20s"
  ) -> PodSettings {
    PodSettings(
      options: ["--grace", "2s", "--cleanup-timeout", cleanup] + options,
      environment: ["DOCKER_HOST": tap.dockerHost])
  }

  /// Expects that no container has a second name because the first holds its name, and no network a
  /// duplicate.
  private func expectNoneTwice(_ pod: RunningPod) async throws {
    let names = try await pod.engine.docker(
      "ps", "-a", "--filter", "label=mesos.container_id=\(pod.run)", "--format", "{{.Names}}"
    ).output().split(separator: "\n").map(String.init)
    #expect(Set(names).isSubset(of: ["\(pod.task)_a", "\(pod.task)_b"]), "\(names)")
    let networks = try await pod.networks().map(\.Name)
    #expect(Set(networks).count == networks.count, "\(networks)")
  }

  // https://github.com/hashicorp/nomad/issues/22218
  @Test("to a create request after the launch timeout leaves no object", arguments: one)
  func lateCreate(on engine: TestEngine) async throws {
    let fault = EngineTap.Fault(request: "^POST /containers/create", times: 1, holdsResponse: true)
    try await EngineTap.with(engine, faults: [fault]) { tap in
      try await withPod(
        on: engine, Self.file, Self.settings(tap, "--launch-timeout", "20s")
      ) { pod in
        try await tap.isHeld()
        try await expectNoneTwice(pod)
        let end = try await pod.ended(within: .seconds(180))
        #expect(end.status == .exited(1), "\(end)")
        #expect(end.states == ["TASK_STARTING", "TASK_FAILED"], "\(end)")
      }
    }
  }

  @Test(
    "to a create or start request never causes a second one, and leaves no object",
    arguments: [
      "^POST /networks/create", "^POST /volumes/create", "^POST /containers/create",
      "^POST /containers/[0-9a-f]+/start",
    ])
  func lostResponse(request: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let fault = EngineTap.Fault(request: request, times: 1, losesResponse: true)
    try await EngineTap.with(engine, faults: [fault]) { tap in
      try await withPod(on: engine, Self.file, Self.settings(tap)) { pod in
        // It may continue with the object that the engine created, or fail with the reason, but
        // nothing else.
        try await eventually("TASK_RUNNING or the end") {
          pod.executor.status != nil || pod.executor.text().contains("TASK_RUNNING")
        }
        try await expectNoneTwice(pod)
        #expect(tap.injections.count == 1)
        pod.send(SIGTERM)
        let end = try await pod.ended()
        #expect(
          end.status == (end.states.last == "TASK_FAILED" ? .exited(1) : .exited(130)), "\(end)")
      }
    }
  }

  @Test("to a create request doesn't delay the stop of a killed pod", arguments: one)
  func killedMeanwhile(on engine: TestEngine) async throws {
    let fault = EngineTap.Fault(request: "^POST /containers/create", times: 1, holdsResponse: true)
    try await EngineTap.with(engine, faults: [fault]) { tap in
      try await withPod(on: engine, Self.file, Self.settings(tap, cleanup: "10m")) { pod in
        try await tap.isHeld()
        pod.send(SIGTERM)
        let end = try await pod.ended(within: .seconds(180))
        #expect(end.status == .exited(130), "\(end)")
        #expect(end.states == ["TASK_STARTING", "TASK_KILLED"], "\(end)")
      }
    }
  }

  @Test(
    "after the executor's exit leaves a container that the reaper removes", arguments: one)
  func madeAfterTheEnd(on engine: TestEngine) async throws {
    let fault = EngineTap.Fault(request: "^POST /containers/create", times: 1, holdsRequest: true)
    try await withReaperSite(on: engine) { site in
      try await EngineTap.with(engine, faults: [fault]) { tap in
        try await withPod(on: engine, Self.file, Self.settings(tap)) { pod in
          try await tap.isHeld()
          pod.send(SIGTERM)
          #expect(try await pod.ended().states.last == "TASK_KILLED")
          try await tap.release()
          try await eventually("the late container") { try await pod.services().count == 1 }
          let end = try await site.once()
          #expect(end.status == .exited(0), "\(end)")
          #expect(end.pod(pod.run)?.removed["containers"]?.count == 1, "\(end)")
        }
      }
    }
  }

  // https://github.com/aws/amazon-ecs-agent/issues/721
  @Test("to a start request stops the launch in time, and no container is left")
  func neverStarted() async throws {
    // A volume whose server is unavailable has the same effect: the engine waits in mount.
    let engine = try #require(TestEngine.all.first)
    let fault = EngineTap.Fault(request: "^POST /containers/[0-9a-f]+/start", holdsRequest: true)
    try await EngineTap.with(engine, faults: [fault]) { tap in
      let settings = Self.settings(tap, "--launch-timeout", "20s", cleanup: "10m")
      try await withPod(on: engine, Self.file, settings) { pod in
        try await tap.isHeld()
        let end = try await pod.ended(within: .seconds(180))
        #expect(end.status == .exited(1), "\(end)")
        #expect(end.message.hasPrefix("not running within 20 s: 'a' is not started"), "\(end)")
      }
    }
  }

  @Test("to a start request leaves created containers to the reaper if the executor is killed")
  func stuckCreated() async throws {
    let engine = try #require(TestEngine.all.first)
    let fault = EngineTap.Fault(request: "^POST /containers/[0-9a-f]+/start", holdsRequest: true)
    try await withReaperSite(on: engine) { site in
      try await EngineTap.with(engine, faults: [fault]) { tap in
        try await withPod(on: engine, Self.file, Self.settings(tap)) { pod in
          try await tap.isHeld()
          try await eventually("both are created") { try await pod.services() == ["a", "b"] }
          try await pod.kill()
          let end = try await site.once()
          #expect(end.status == .exited(0), "\(end)")
          #expect(end.pod(pod.run)?.removed["containers"]?.count == 2, "\(end)")
          try await expectNothingLeft(of: pod)
        }
      }
    }
  }
}
