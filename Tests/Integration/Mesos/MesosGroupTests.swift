import AgentStandIn
import Foundation
import TestSupport
import Testing

/// docs/executor-http-api.md, "LAUNCH_GROUP"; docs/app-framework-development-guide.md, "Using the
/// Mesos Default Executor": a failed or killed task kills its group
/// (src/launcher/default_executor.cpp, `waited`).
@Suite("Tasks that are launched as a group", .needsEngine, .throttled)
struct MesosGroupTests {
  /// Exits with the code that the test writes into a file with the task's name.
  private static let file = """
    services:
      web:
        image: pod-test/busybox
        command:
          - sh
          - -c
          - 'until [ -s /box/${NAME} ]; do sleep 0.05; done; exit $$(cat /box/${NAME})'
        stop_signal: SIGKILL
        volumes: [".:/box"]
    """

  private func withGroup(
    on host: MesosHost, _ body: (_ pod: MesosPod, _ other: String) async throws -> Void
  ) async throws {
    let other = "it-\(UUID().uuidString.prefix(8).lowercased())"
    try await withMesosPod(on: host, Self.file, MesosSettings(group: [other])) { pod in
      try await pod.running()
      try await pod.agent.update("TASK_RUNNING", of: other)
      #expect(pod.agent.events.contains { $0["type"] == "LAUNCH_GROUP" })
      #expect(!pod.agent.events.contains { $0["type"] == "LAUNCH" })
      #expect(try await pod.containers().count == 2)
      try await body(pod, other)
      #expect(try await pod.exited() == .exited(0))
    }
  }

  @Test(
    "finish independently, and the executor exits after the last acknowledgement",
    arguments: MesosHost.both)
  func ownEnds(on host: MesosHost) async throws {
    try await withGroup(on: host) { pod, other in
      try pod.write(other, "0")
      #expect(try await pod.agent.end(of: other).state == "TASK_FINISHED")
      #expect(try await pod.containers().count == 1)
      pod.agent.acknowledge(.withheld)
      try pod.write(pod.task, "0")
      #expect(try await pod.ended().state == "TASK_FINISHED")
      #expect(pod.run.status == nil)
      try await eventually("its acknowledgement") {
        pod.agent.releaseAcknowledgements()
        return pod.agent.updates.allSatisfy(\.isAcknowledged)
      }
      #expect(pod.states(of: other) == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
      #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
    }
  }

  @Test("are killed together with one of them", arguments: MesosHost.both)
  func killed(on host: MesosHost) async throws {
    try await withGroup(on: host) { pod, other in
      pod.agent.kill(other)
      let end = try await pod.agent.end(of: other)
      #expect(end.message == "killed by the framework")
      #expect(
        try await pod.ended().message == "task \(other) of its group was killed by the framework")
      let killed = ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_KILLED"]
      #expect(pod.states(of: other) == killed && pod.states == killed)
    }
  }

  @Test("are killed if one of them fails", arguments: MesosHost.linux)
  func failed(on host: MesosHost) async throws {
    try await withGroup(on: host) { pod, other in
      try pod.write(other, "3")
      #expect(try await pod.agent.end(of: other).state == "TASK_FAILED")
      let end = try await pod.ended()
      #expect(end.state == "TASK_KILLED")
      #expect(end.message == "task \(other) of its group is TASK_FAILED")
    }
  }
}
