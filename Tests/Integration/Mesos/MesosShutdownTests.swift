import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("An executor that is to go", .needsEngine, .throttled)
struct MesosShutdownTests {
  /// Who says so.
  enum Word: CaseIterable {
    /// The agent, which takes and acknowledges what comes.
    case executor
    /// The agent, which takes nothing any more.
    case framework
    /// TERM.
    case signal
  }

  /// docs/executor-http-api.md, "SHUTDOWN"; src/slave/slave.cpp, `Slave::_shutdownExecutor`.
  @Test(
    "goes within its time, whatever its containers do", arguments: MesosHost.linux, Word.allCases)
  func goes(on host: MesosHost, at word: Word) async throws {
    for file in [obedient, stubborn] {
      var settings = MesosSettings()
      // The agent kills whoever takes longer.
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

  /// src/slave/slave.cpp, `Slave::shutdownFramework`: nothing is acknowledged any more.
  @Test("goes although its last update is not acknowledged", arguments: MesosHost.both)
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

  /// src/slave/slave.cpp, `Slave::executorTerminated`; linux_launcher.cpp, `destroy`.
  @Test("that is killed leaves what a reaper can tell by its labels", arguments: MesosHost.both)
  func killed(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.leavesContainers = true
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
        // The launcher has killed all that was below the executor's cgroup.
        try await eventually("the container's end") { try await isRunning() == "false" }
      }
    }
  }
}
