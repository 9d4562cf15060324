import AgentStandIn
import Foundation
import TestSupport
import Testing

/// `TaskInfo.limits` (1.10 and later; Marathon's `resourceLimits`): how far a task may exceed its
/// resources.
@Suite("A task with limits", .needsEngine, .throttled)
struct MesosLimitsTests {
  /// An engine refuses a service with `cpus` if its hierarchy can't limit CPU.
  private func file(cpus: String?, memory: String) -> String {
    """
    services:
      web:
        image: founding/base
        \(cpus.map { "cpus: \($0)" } ?? "")
        mem_limit: \(memory)
    """
  }

  private func settings(_ limits: [String: Double]) -> MesosSettings {
    var settings = MesosSettings()
    settings.task = { task in
      task.extra["limits"] = .object(limits.mapValues { ["value": .double($0)] })
    }
    return settings
  }

  /// Runs a service with these limits, and checks that the engine applies them.
  private func expectRunning(
    _ cpus: Double, _ memory: Int, limits: [String: Double], on host: MesosHost
  ) async throws {
    let limitsCPUs = host.engine.has("cpu")
    let file = file(cpus: limitsCPUs ? "\(cpus)" : nil, memory: "\(memory)b")
    try await withMesosPod(on: host, file, settings(limits)) { pod in
      try await pod.running()
      let format = "{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}}"
      let bounds = try await pod.engine.docker(
        ["inspect", "--format", format] + pod.containers()
      ).output()
      // An engine ignores limits that it can't apply.
      let held = host.engine.has("memory") ? memory : 0
      #expect(bounds == "\(limitsCPUs ? Int(cpus * 1e9) : 0) \(held)")
      #expect(pod.agent.events.contains { $0["launch"]?["task"]?["limits"] != nil })
      pod.kill()
      #expect(try await pod.ended().state == "TASK_KILLED")
    }
  }

  /// src/slave/slave.cpp, `computeExecutorLimits`; the task's resources are 0.5 cpus and 128 MiB.
  @Test(
    "runs a service that may exceed its resources, but not its limits",
    arguments: MesosHost.both)
  func bursts(on host: MesosHost) async throws {
    try await expectRunning(1.5, 512 << 20, limits: ["cpus": 1.5, "mem": 512], on: host)
  }

  @Test(
    "that are infinite runs a service that may use the whole host", arguments: MesosHost.both)
  func infinite(on host: MesosHost) async throws {
    try await expectRunning(2, 64 << 30, limits: ["cpus": .infinity, "mem": .infinity], on: host)
  }

  /// A service's request, the task's limits, and a part of the task's message.
  static let refusals: [(cpus: String, memory: String, limits: [String: Double], words: [String])] =
    [
      ("2", "512m", ["cpus": 1.5, "mem": 512], ["compose.yaml:4:", "'web'", "2.0 cpus", "1.5"]),
      (
        "1.5", "513m", ["cpus": 1.5, "mem": 512],
        ["compose.yaml:5:", "'web'", "537919488", "536870912"]
      ),
      // A resource without a limit is bounded by the task's resources.
      ("1.5", "512m", ["mem": .infinity], ["compose.yaml:4:", "'web'", "1.5 cpus", "0.5"]),
      ("1.5", "512m", ["cpus": .infinity], ["compose.yaml:5:", "'web'", "536870912", "134217728"]),
    ]

  @Test(
    "refuses a service that requests more, with its line and both figures",
    arguments: MesosHost.linux, refusals.indices)
  func refused(on host: MesosHost, index: Int) async throws {
    let refusal = Self.refusals[index]
    try await withMesosPod(
      on: host, file(cpus: refusal.cpus, memory: refusal.memory), settings(refusal.limits)
    ) { pod in
      let message = try await pod.ended().message ?? ""
      #expect(pod.states == ["TASK_STARTING", "TASK_FAILED"])
      #expect(refusal.words.allSatisfy { message.contains($0) }, "\(message)")
      #expect(try await pod.containers() == [])
    }
  }
}
