import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("A task whose agent goes away", .needsEngine, .throttled)
struct MesosAgentTests {
  /// docs/agent-recovery.md; src/slave/slave.cpp, `Slave::reregisterExecutorTimeout`.
  @Test("runs on, and its executor subscribes within the window", arguments: MesosHost.both)
  func restarted(on host: MesosHost) async throws {
    try await withMesosPod(on: host, obedient) { pod in
      try await pod.running()
      let containers = try await pod.containers()
      for _ in 0..<2 {
        pod.agent.crash()
        try pod.agent.restart()
        try await eventually("the end of recovery", within: .seconds(30)) { pod.agent.isRunning }
        #expect(pod.agent.isSubscribed(pod.run.executorID))
      }
      #expect(try await pod.containers() == containers)
      try pod.write("stop", "0")
      try await pod.ended()
      #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// docs/executor-http-api.md, "SUBSCRIBE": unacknowledged updates go along.
  @Test("ends while it is away, and is told of once it is back", arguments: MesosHost.both)
  func endedMeanwhile(on host: MesosHost) async throws {
    try await withMesosPod(on: host, obedient) { pod in
      // Acknowledged or not, RUNNING is told once.
      pod.agent.acknowledge(.withheld)
      try await pod.running()
      pod.agent.crash()
      pod.agent.acknowledge(.prompt)
      try pod.write("stop", "3")
      try await eventually("the pod's end", within: .seconds(30)) {
        try await pod.containers().isEmpty
      }
      #expect(!pod.run.isGone)
      try pod.agent.restart()
      #expect(try await pod.ended().state == "TASK_FAILED")
      #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_FAILED"])
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// src/slave/slave.cpp, `Slave::reregisterExecutorTimeout`.
  @Test("is destroyed if its executor misses the window", arguments: MesosHost.linux)
  func missed(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.agent = { $0.executorReregistrationTimeout = .milliseconds(500) }
    settings.leavesContainers = true
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.running()
      pod.run.send(SIGSTOP)
      pod.agent.crash()
      try pod.agent.restart()
      let end = try await pod.ended()
      #expect(end.state == "TASK_LOST" && end.source == "SOURCE_AGENT")
      #expect(try await pod.exited() == .signalled(SIGKILL))
    }
  }

  /// src/executor/executor.cpp, `MesosProcess::_recoveryTimeout`.
  @Test("is ended by its executor when the agent stays away", arguments: MesosHost.both)
  func never(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.agent = { $0.recoveryTimeout = .seconds(2) }
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.running()
      pod.agent.crash()
      try await eventually("the executor's end", within: .seconds(30)) { pod.run.status != nil }
      #expect(pod.run.status == .exited(1))
      #expect(try await pod.containers() == [])
      // Back again, it notices that nobody is there.
      try pod.agent.restart()
      #expect(try await pod.ended().state == "TASK_FAILED")
      try await pod.exited()
    }
  }

  /// src/executor/executor.cpp, `MesosProcess::disconnected`.
  @Test("ends with the agent if there are no checkpoints", arguments: MesosHost.linux)
  func unchecked(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.agent = { $0.checkpoint = false }
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.running()
      pod.agent.crash()
      try await eventually("the executor's end", within: .seconds(20)) { pod.run.status != nil }
      #expect(pod.run.status == .exited(1))
      #expect(try await pod.containers() == [])
      #expect(pod.agent.updates(of: pod.task).last?.reason == "REASON_AGENT_DISCONNECTED")
      try pod.agent.restart()
      try await pod.exited()
    }
  }

  /// docs/executor-http-api.md, "UPDATE" and "ACKNOWLEDGED".
  @Test("is over when its end is acknowledged, and not before", arguments: MesosHost.linux)
  func withheld(on host: MesosHost) async throws {
    try await withMesosPod(on: host, obedient) { pod in
      try await pod.running()
      pod.agent.acknowledge { $0.isTerminal ? .withheld : .prompt }
      try pod.write("stop", "0")
      try await pod.ended()
      // A subscription later it waits still, and has repeated what it waits for.
      pod.agent.breakStream(of: pod.run.executorID)
      try await eventually("another SUBSCRIBE", within: .seconds(20)) {
        pod.agent.calls.count { $0.type == "SUBSCRIBE" } == 2
      }
      #expect(pod.run.status == nil)
      try await eventually("its acknowledgement") {
        pod.agent.releaseAcknowledgements()
        return pod.agent.updates.last?.isAcknowledged == true
      }
      #expect(try await pod.exited() == .exited(0))
      #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
    }
  }

  /// docs/executor-http-api.md, "SUBSCRIBE" and "UPDATE"; src/slave/slave.cpp, `Slave::statusUpdate`.
  @Test(
    "tells each state once and in order, whatever its connections do", arguments: MesosHost.linux)
  func faults(on host: MesosHost) async throws {
    let seed = SeededGenerator(for: "faults between executor and agent").seed
    var settings = MesosSettings()
    settings.agent = {
      $0.executorReregistrationTimeout = .milliseconds(200)
      $0.faults = Faults(
        seed: seed, closeBeforeCall: 0.3, closeBeforeAnswer: 0.3, closeAfterAnswer: 0.3,
        cutStream: 0.2, splitRecords: true, limit: 150)
    }
    try await withMesosPod(on: host, obedient, settings) { pod in
      let names = (0..<6).map { "\(pod.task)-\($0)" }
      for name in names {
        var task = TaskDescription.plain(id: name, executor: "")
        task.executorID = pod.run.executorID
        pod.agent.send(task)
      }
      // A LAUNCH that a cut swallowed is lost, as an agent loses it too, but never a state of a task that began.
      let began = try await eventually("the tasks", within: .seconds(60)) { () -> [String]? in
        let known = ([pod.task] + names).filter { !pod.states(of: $0).isEmpty }
        let settled = ([pod.task] + names).allSatisfy {
          ["TASK_RUNNING", "TASK_LOST"].contains(pod.states(of: $0).last ?? "TASK_LOST")
        }
        return settled && pod.agent.isSubscribed(pod.run.executorID) && !known.isEmpty ? known : nil
      }
      try pod.write("stop", "0")
      for name in began where pod.states(of: name).last != "TASK_LOST" {
        try await pod.agent.end(of: name, within: .seconds(60))
        #expect(pod.states(of: name) == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
      }
    }
  }
}
