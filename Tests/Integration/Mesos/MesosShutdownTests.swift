import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("An executor that is shut down", .needsEngine, .throttled)
struct MesosShutdownTests {
  /// The origin of the shutdown.
  enum Word: CaseIterable {
    /// The agent, which still accepts and acknowledges updates.
    case executor
    /// The agent, which accepts no more updates.
    case framework
    /// TERM.
    case signal
  }

  /// docs/executor-http-api.md, "SHUTDOWN"; src/slave/slave.cpp, `Slave::_shutdownExecutor`.
  @Test(
    "exits within its grace, whatever its containers do", arguments: MesosHost.linux, Word.allCases)
  func mapsTo(on host: MesosHost, at word: Word) async throws {
    // An executor that waited for the period of the file would be killed by the agent.
    for file in [obedient, stubborn + "\n    stop_grace_period: 10m\n"] {
      var settings = MesosSettings()
      settings.agent = { $0.executorShutdownGracePeriod = .seconds(6) }
      try await withMesosPod(on: host, file, settings) { pod in
        try await pod.running()
        if word == .framework { pod.agent.acknowledge(.withheld) }
        switch word {
        case .executor: pod.agent.shutdown(executor: pod.run.executorID)
        case .framework: pod.agent.shutdownFramework()
        case .signal: pod.run.send(SIGTERM)
        }
        #expect(try await pod.exited() == .exited(0))
        #expect(try await pod.containers() == [])
        if word != .framework { #expect(pod.states.last == "TASK_KILLED") }
      }
    }
  }

  /// src/slave/slave.cpp, `Slave::shutdownFramework`: no update is acknowledged anymore.
  @Test("exits although its last update is not acknowledged", arguments: MesosHost.both)
  func whileWaiting(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.agent = { $0.executorShutdownGracePeriod = .seconds(3) }
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.running()
      pod.agent.acknowledge { $0.isTerminal ? .withheld : .prompt }
      try pod.write("stop", "0")
      #expect(try await pod.ended().state == "TASK_FINISHED")
      pod.agent.shutdownFramework()
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// docs/executor-http-api.md, "SHUTDOWN". Invariant 7: the update names what is left.
  @Test(
    "during a removal that hangs still kills the processes and reports the task's own state",
    arguments: MesosHost.linux)
  func duringRemoval(on host: MesosHost) async throws {
    let fault = EngineTap.Fault(
      request: "^(DELETE /containers/|POST /containers/[0-9a-f]+/kill)", holdsRequest: true)
    try await EngineTap.with(host.engine, faults: [fault]) { tap in
      var settings = MesosSettings()
      settings.agent = { $0.executorShutdownGracePeriod = .seconds(6) }
      settings.task = { $0.killGrace = .seconds(1) }
      settings.launch = { $0.environment["DOCKER_HOST"] = tap.dockerHost }
      settings.leavesContainers = true
      let file = obedient + "\n  deaf: {image: founding/base}\n"
      try await withMesosPod(on: host, file, settings) { pod in
        try await pod.running()
        try pod.write("stop", "3")
        try await eventually("a removal", within: .seconds(180)) {
          tap.injections.contains { $0.hasPrefix("DELETE ") }
        }
        pod.agent.shutdown(executor: pod.run.executorID)
        let end = try await pod.ended()
        #expect(end.state == "TASK_FAILED" && end.source == "SOURCE_EXECUTOR", "\(end)")
        let message = end.message ?? ""
        #expect(message.contains("not removed: container "), "\(message)")
        #expect(message.contains("its processes are killed"), "\(message)")
        #expect(try await pod.exited() == .exited(0))
      }
    }
  }

  /// src/slave/slave.cpp, `Slave::executorTerminated`; linux_launcher.cpp, `destroy`.
  @Test("by SIGKILL leaves objects that a reaper finds by labels", arguments: MesosHost.both)
  func killed(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.leavesContainers = true
    // A reaper of another test would remove the pod, which has no executor anymore.
    try await withReaperSite(on: host.engine) { _ in
      try await withMesosPod(on: host, obedient, settings) { pod in
        try await pod.running()
        pod.run.send(SIGKILL)
        let end = try await pod.ended()
        #expect(end.state == "TASK_FAILED" && end.reason == "REASON_EXECUTOR_TERMINATED")
        try await pod.exited()
        let container = try #require(try await pod.containers().first)
        func isRunning() async throws -> String {
          try await host.engine.docker("inspect", "--format", "{{.State.Running}}", container)
            .output()
        }
        if host.launcher == .posix {
          #expect(try await isRunning() == "true")
        } else {
          // The launcher has killed all processes below the executor's cgroup.
          try await eventually("the container's end") { try await isRunning() == "false" }
        }
      }
    }
  }
}
