import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("A task whose agent is unavailable", .needsEngine, .throttled)
struct MesosAgentTests {
  /// docs/agent-recovery.md; src/slave/slave.cpp, `Slave::reregisterExecutorTimeout`.
  @Test("continues, and its executor subscribes within the timeout", arguments: MesosHost.both)
  func restarted(on host: MesosHost) async throws {
    try await withMesosPod(on: host, obedient) { pod in
      try await pod.running()
      let containers = try await pod.containers()
      for _ in 0..<2 {
        pod.agent.crash()
        try pod.agent.restart()
        try await eventually("the end of recovery", within: .seconds(180)) { pod.agent.isRunning }
        #expect(pod.agent.isSubscribed(pod.run.executorID))
      }
      #expect(try await pod.containers() == containers)
      try pod.write("stop", "0")
      try await pod.ended()
      #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// docs/executor-http-api.md, "SUBSCRIBE": it includes unacknowledged updates.
  @Test("that stops meanwhile is reported after the agent's return", arguments: MesosHost.both)
  func endedMeanwhile(on host: MesosHost) async throws {
    try await withMesosPod(on: host, obedient) { pod in
      // Acknowledged or not, RUNNING is sent once.
      pod.agent.acknowledge(.withheld)
      try await pod.running()
      pod.agent.crash()
      pod.agent.acknowledge(.prompt)
      try pod.write("stop", "3")
      try await eventually("the pod's end", within: .seconds(180)) {
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
  @Test("is destroyed if its executor subscribes too late", arguments: MesosHost.linux)
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
      #expect(try await pod.exited() == .signaled(SIGKILL))
    }
  }

  /// src/executor/executor.cpp, `MesosProcess::_recoveryTimeout`.
  @Test("is stopped by its executor if the agent doesn't return", arguments: MesosHost.both)
  func never(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.agent = { $0.recoveryTimeout = .seconds(2) }
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.running()
      pod.agent.crash()
      try await eventually("the executor's end", within: .seconds(180)) { pod.run.status != nil }
      #expect(pod.run.status == .exited(1))
      #expect(try await pod.containers() == [])
      // After its return, the agent detects that no executor is running.
      try pod.agent.restart()
      #expect(try await pod.ended().state == "TASK_FAILED")
      try await pod.exited()
    }
  }

  /// src/executor/executor.cpp, `MesosProcess::disconnected`.
  @Test("stops with the agent if there are no checkpoints", arguments: MesosHost.linux)
  func unchecked(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.agent = { $0.checkpoint = false }
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.running()
      pod.agent.crash()
      try await eventually("the executor's end", within: .seconds(180)) { pod.run.status != nil }
      #expect(pod.run.status == .exited(1))
      #expect(try await pod.containers() == [])
      #expect(pod.agent.updates(of: pod.task).last?.reason == "REASON_AGENT_DISCONNECTED")
      try pod.agent.restart()
      try await pod.exited()
    }
  }

  /// docs/executor-http-api.md, "UPDATE" and "ACKNOWLEDGED".
  @Test("is complete when its last update is acknowledged, not before", arguments: MesosHost.linux)
  func withheld(on host: MesosHost) async throws {
    try await withMesosPod(on: host, obedient) { pod in
      try await pod.running()
      pod.agent.acknowledge { $0.isTerminal ? .withheld : .prompt }
      try pod.write("stop", "0")
      try await pod.ended()
      // After another subscription it still waits, and has sent the unacknowledged update again.
      pod.agent.breakStream(of: pod.run.executorID)
      try await eventually("another SUBSCRIBE", within: .seconds(180)) {
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

  /// docs/executor-http-api.md, "SUBSCRIBE" and "UPDATE"; src/slave/slave.cpp,
  /// `Slave::statusUpdate`.
  @Test(
    "has each state sent once and in order, despite connection faults", arguments: MesosHost.linux)
  func faults(on host: MesosHost) async throws {
    let seed = SeededGenerator(for: "faults between executor and agent").seed
    var settings = MesosSettings()
    settings.agent = {
      $0.subscriptionBackoffMaximum = .milliseconds(200)
      $0.faults = Faults(
        seed: seed, closeBeforeCall: 0.3, closeBeforeResponse: 0.3, closeAfterResponse: 0.3,
        cutStream: 0.2, splitRecords: true, limit: 150)
    }
    try await withMesosPod(on: host, obedient, settings) { pod in
      let names = (0..<6).map { "\(pod.task)-\($0)" }
      for name in names {
        var task = TaskDescription.plain(id: name, executor: "")
        task.executorID = pod.run.executorID
        pod.agent.send(task)
      }
      // A LAUNCH on a cut connection is lost, as with a real agent; but no state of a started task
      // is lost.
      let began = try await eventually("the tasks", within: .seconds(180)) { () -> [String]? in
        let known = ([pod.task] + names).filter { !pod.states(of: $0).isEmpty }
        let settled = ([pod.task] + names).allSatisfy {
          ["TASK_RUNNING", "TASK_LOST"].contains(pod.states(of: $0).last ?? "TASK_LOST")
        }
        return settled && pod.agent.isSubscribed(pod.run.executorID) && !known.isEmpty ? known : nil
      }
      try pod.write("stop", "0")
      for name in began where pod.states(of: name).last != "TASK_LOST" {
        try await pod.agent.end(of: name, within: .seconds(180))
        #expect(pod.states(of: name) == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
      }
    }
  }
}
