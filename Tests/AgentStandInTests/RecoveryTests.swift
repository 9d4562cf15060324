import AgentStandIn
import TestSupport
import Testing

/// src/slave/slave.cpp: `subscribe`, `recover`, `reregisterExecutorTimeout`, `shutdownFramework`.
@Suite("Streams and recovery of the stand-in", .timeLimit(.minutes(5)))
struct RecoveryTests {
  @Test("a restarted agent responds with 404, then 503, and accepts subscriptions first")
  func statuses() async throws {
    try await withTask({ $0.advancesByItself = false }) { agent, peer, first in
      let running = peer.status("TASK_RUNNING")
      try await peer.update(running)
      agent.crash()
      try await first.closes()
      await #expect(throws: (any Error).self) { try await peer.update(running) }
      try agent.restart()
      var statuses: [Int] = []
      let stream = try await eventually("a subscription") { () -> Subscription? in
        do {
          return try await peer.subscribe(tasks: ["t"])
        } catch let refused as Refused {
          statuses.append(refused.status)
          agent.advance()
          return nil
        }
      }
      #expect(statuses == [404, 503])
      try await stream.has("SUBSCRIBED")
      let finished = peer.status("TASK_FINISHED", at: 2)
      #expect(try await peer.update(finished) == 503)
      agent.advance()
      #expect(try await peer.update(finished) == 202)
      #expect(agent.states(of: "t") == ["TASK_RUNNING", "TASK_FINISHED"])
      #expect(agent.violations.isEmpty)
    }
  }

  @Test("an executor that doesn't subscribe before the timeout loses its tasks")
  func window() async throws {
    try await withTask({ $0.executorReregistrationTimeout = .milliseconds(200) }) {
      agent, peer, _ in
      try await peer.update(peer.status("TASK_RUNNING"))
      agent.crash()
      try agent.restart()
      let end = try await agent.end(of: "t")
      #expect(end.state == "TASK_LOST" && end.source == "SOURCE_AGENT")
      #expect(end.reason == "REASON_EXECUTOR_REREGISTRATION_TIMEOUT")
      #expect(agent.executorIDs.isEmpty)
      await #expect(throws: Refused.self) { _ = try await peer.subscribe() }
    }
  }

  @Test(
    "a task that was in transit is lost, unless the executor lists it", arguments: [false, true])
  func unknown(isNamed: Bool) async throws {
    try await withTask({ $0.advancesByItself = false }) { agent, peer, first in
      agent.crash()
      try await first.closes()
      try agent.restart()
      agent.advance()
      agent.advance()
      let stream = try await peer.subscribe(tasks: isNamed ? ["t"] : [])
      try await stream.has("SUBSCRIBED")
      agent.advance()
      #expect(agent.isRunning)
      let end = agent.updates(of: "t").last
      #expect(end?.state == (isNamed ? nil : "TASK_LOST"))
      #expect(end?.reason == (isNamed ? nil : "REASON_AGENT_RESTARTED"))
    }
  }

  @Test("without checkpoints a restarted agent has no executor, and the master ends its tasks")
  func unchecked() async throws {
    try await withTask({ $0.checkpoint = false }) { agent, peer, _ in
      agent.crash()
      #expect(agent.updates(of: "t").last?.reason == "REASON_AGENT_DISCONNECTED")
      try agent.restart()
      try await eventually("the end of recovery") { agent.isRunning }
      await #expect(throws: Refused.self) { _ = try await peer.subscribe() }
    }
  }

  @Test("a second SUBSCRIBE closes the first stream, and must repeat what isn't acknowledged")
  func second() async throws {
    try await withTask { agent, peer, first in
      agent.acknowledge(.withheld)
      let running = peer.status("TASK_RUNNING")
      try await peer.update(running)
      let second = try await peer.subscribe(updates: [running], tasks: ["t"])
      try await first.closes()
      #expect(!second.isClosed && agent.violations.isEmpty)
      agent.releaseAcknowledgements()
      try await second.has("ACKNOWLEDGED")
      agent.acknowledge(.withheld)
      try await peer.update(peer.status("TASK_FAILED", at: 2))
      let third = try await peer.subscribe()
      try await third.has("SUBSCRIBED")
      #expect(agent.violations.map(\.what).contains { $0.contains("unacknowledged update") })
    }
  }

  @Test("an executor without a task is shut down at once")
  func idle() async throws {
    try await withAgent { agent in
      agent.addExecutor(["executor_id": .id("e")])
      let stream = try await Peer(agent).subscribe()
      try await stream.has("SHUTDOWN")
    }
  }

  @Test(
    "after a shutdown, the framework gets no update and its executor no acknowledgement")
  func shutdown() async throws {
    try await withTask { agent, peer, stream in
      agent.shutdownFramework()
      try await stream.has("SHUTDOWN")
      #expect(try await peer.update(peer.status("TASK_KILLED")) == 202)
      let again = try await peer.subscribe()
      try await again.has("SHUTDOWN")
      try await again.closes()
      #expect(agent.updates.isEmpty)
      #expect(!stream.types.contains("ACKNOWLEDGED"))
    }
  }

  @Test("the kill of a task that wasn't delivered never reaches the executor")
  func killedBefore() async throws {
    try await withAgent { agent in
      agent.addExecutor(["executor_id": .id("e")])
      for id in ["t", "u"] {
        agent.send(TaskDescription(id: id, command: "", executorID: "e"))
      }
      agent.kill("t")
      let end = try await agent.end(of: "t")
      #expect(end.state == "TASK_KILLED" && end.source == "SOURCE_AGENT")
      let stream = try await Peer(agent).subscribe()
      try await stream.has("LAUNCH")
      #expect(stream.types == ["SUBSCRIBED", "LAUNCH"])
    }
  }

  @Test("records arrive complete in whatever pieces they are sent, and one is cut in its middle")
  func records() async throws {
    let seed = SeededGenerator(for: "pieces of records").seed
    try await withTask({ $0.faults = Faults(seed: seed, splitRecords: true) }) { agent, _, stream in
      for number in 0..<200 {
        agent.send(message: Array("{\n\(number)".utf8) + [UInt8(number)], to: "e")
      }
      try await stream.has("MESSAGE", times: 200)
      let sent = agent.events.filter { $0["type"] == "MESSAGE" }
      #expect(sent.count == 200 && stream.events.suffix(200) == sent[...])
      agent.send(event: ["type": "HEARTBEAT"], to: "e", cut: true)
      try await stream.closes()
      #expect(!stream.rest.isEmpty && stream.types.last == "MESSAGE")
    }
  }

  @Test("connections break as often as the faults require, and every update still arrives")
  func faults() async throws {
    try await withTask { agent, peer, _ in
      agent.inject(
        Faults(
          seed: 7, closeBeforeCall: 0.3, closeBeforeResponse: 0.3, closeAfterResponse: 0.3,
          limit: 20))
      for number in 0..<40 {
        let status = peer.status(
          "TASK_RUNNING", at: Double(number), ["message": .string("\(number)")])
        try await eventually("202") { (try? await peer.update(status)) == 202 }
      }
      #expect(agent.faultCount == 20)
      #expect(agent.updates.compactMap(\.message) == (0..<40).map(String.init))
      #expect(agent.violations.isEmpty)
    }
  }
}
