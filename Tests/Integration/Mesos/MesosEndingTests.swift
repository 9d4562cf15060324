import AgentStandIn
import Foundation
import TestSupport
import Testing

/// Abnormal terminations of a task: the executor's report, and its exit code.
@Suite("An abnormal termination of a task", .needsEngine, .throttled)
struct MesosEndingTests {
  /// Invariant 7: the terminal update names what could not be removed.
  @Test("is reported with the objects that could not be removed", arguments: MesosHost.linux)
  func leftover(on host: MesosHost) async throws {
    let file = """
      services:
        web:
          image: founding/base
          volumes: ["data:/data"]
          stop_signal: SIGKILL
      volumes: {data: {}}
      """
    var settings = MesosSettings()
    settings.leavesContainers = true
    // A reaper of another test would remove the object that the executor leaves.
    try await withReaperSite(on: host.engine) { _ in
      try await withMesosPod(on: host, file, settings) { pod in
        try await pod.running()
        let volume = try #require(
          try await Leftovers.of(run: pod.run.id, on: host.engine).volumes.first)
        // Another client's container uses the pod's volume.
        let holder = try await host.engine.docker(
          "run", "-d", "--network", "none", "-v", "\(volume):/data", "founding/base"
        ).output()
        pod.kill()
        let end = try await pod.ended()
        try await host.engine.docker("rm", "-f", holder).output()
        #expect(end.state == "TASK_KILLED")
        #expect(end.message?.contains("; not removed: volume \(volume)") == true, "\(end)")
        #expect(try await pod.exited() == .exited(1))
      }
    }
  }

  /// src/slave/slave.cpp, `Slave::___statusUpdate`: no acknowledgement while the framework is away.
  @Test("is not waited for longer than the recovery timeout", arguments: MesosHost.linux)
  func unacknowledged(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.agent = { $0.recoveryTimeout = .seconds(3) }
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.running()
      pod.agent.acknowledge { $0.isTerminal ? .withheld : .prompt }
      try pod.write("stop", "0")
      let end = try await pod.ended()
      #expect(end.state == "TASK_FINISHED")
      #expect(try await pod.exited() == .exited(1))
      #expect(.now - end.received >= .seconds(2))
    }
  }

  @Test("follows the label's launch timeout if a service isn't healthy", arguments: MesosHost.both)
  func neverHealthy(on host: MesosHost) async throws {
    let file = """
      services:
        web:
          image: founding/base
          stop_signal: SIGKILL
          healthcheck: {test: [CMD, "false"], interval: 1s, retries: 1000}
      """
    var settings = MesosSettings()
    settings.task = { $0.labels = [("org.apache.aurora.metadata.pod.launch_timeout", "2s")] }
    try await withMesosPod(on: host, file, settings) { pod in
      let end = try await pod.ended()
      #expect(end.message?.hasPrefix("not running within 2 s: 'web' is not ") == true, "\(end)")
      #expect(pod.states == ["TASK_STARTING", "TASK_FAILED"])
      #expect(try await pod.exited() == .exited(0))
    }
  }
}
