import Foundation
import MesosExecutor
import TestSupport
import Testing

/// Responses as those of Http::executor in the agent's http.cpp, and faults of networks.
@Suite("Session under faults", .timeLimit(.minutes(6)))
struct FaultySessionTests {
  /// Invariant 8: an update keeps its UUID.
  @Test(
    "a call that isn't handled is sent again with its uuid, before later ones",
    arguments: [
      FakeAgent.Fault.response(503, "Agent has not finished recovery"), .response(404, ""),
      .response(500, ""), .response(200, ""), .closeBefore, .closeAfter,
    ])
  func sentAgain(fault: FakeAgent.Fault) async throws {
    let agent = try FakeAgent()
    agent.set { $0.acknowledges = false }
    agent.fail("UPDATE", fault, fault)
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      await stage.send("a", .running)
      await stage.send("a", .finished)
      try await eventually("four calls") { agent.calls("UPDATE").count >= 4 }
      let calls = agent.calls("UPDATE").flatMap(\.updates)
      #expect(Set(calls.prefix(3).map(\.uuid)).count == 1)
      #expect(
        calls.map(\.state).prefix(4) == [
          "TASK_RUNNING", "TASK_RUNNING", "TASK_RUNNING", "TASK_FINISHED",
        ])
      try await stage.takes("TASK_RUNNING", "TASK_FINISHED")
      #expect(stage.story == ["subscribed"])
    }
    #expect(agent.violations.isEmpty)
  }

  @Test("an update without a response is sent again after its deadline")
  func stalledUpdate() async throws {
    let agent = try FakeAgent()
    agent.fail("UPDATE", .stall)
    let deadlines = SessionDeadlines(call: .milliseconds(100))
    try await withSession(agent: agent, deadlines: deadlines) { stage in
      try await stage.happens("subscribed")
      await stage.send("a", .running)
      try await stage.takes("TASK_RUNNING")
      #expect(Set(agent.calls("UPDATE").flatMap(\.updates)).count == 1)
    }
  }

  @Test("later updates wait for a slow 202")
  func slowResponse() async throws {
    let agent = try FakeAgent()
    agent.fail("UPDATE", .delay(milliseconds: 600))
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      await stage.send("a", .starting)
      await stage.send("a", .running)
      try await eventually("the first call") { !agent.calls("UPDATE").isEmpty }
      // The agent takes the first update before it sends the 202.
      let calls = agent.calls("UPDATE").count
      #expect(calls == 1 || !agent.taken.isEmpty)
      try await stage.takes("TASK_STARTING", "TASK_RUNNING")
    }
  }

  @Test("403 “not subscribed” leads to a new SUBSCRIBE with the update", arguments: [true, false])
  func notSubscribed(checkpoint: Bool) async throws {
    let agent = try FakeAgent()
    agent.fail("UPDATE", .response(403, "Executor is not subscribed"))
    try await withSession(agent: agent, environment: agent.environment(checkpoint: checkpoint)) {
      stage in
      try await stage.happens("subscribed")
      await stage.send("a", .running)
      try await stage.happens("again")
      #expect(agent.calls("SUBSCRIBE").last?.updates == agent.taken)
      #expect(await stage.session.waitUntilAcknowledged(within: .seconds(180)))
      #expect(agent.calls("UPDATE").count == 1)
    }
  }

  @Test(
    "final refusals end the session once their time limit has passed",
    arguments: ["SUBSCRIBE", "UPDATE"],
    [
      (401, "", "ended the agent does not accept"),
      (403, "does not contain an 'eid' claim", "ended the agent refuses this executor: 403 does"),
      (400, "Executor cannot be found", "ended the agent does not know this executor: 400"),
    ])
  func fatal(type: String, response: (Int, String, String)) async throws {
    let agent = try FakeAgent()
    let fault = FakeAgent.Fault.response(response.0, response.1)
    if type == "UPDATE" {
      agent.fail("UPDATE", fault)
    }
    try await withSession(agent: agent, limits: SessionLimits(refusal: .zero)) { stage in
      if type == "UPDATE" { try await stage.happens("subscribed") }
      agent.fail("SUBSCRIBE", fault, fault, fault)
      if type == "SUBSCRIBE" { agent.closeStream() }
      await stage.send("a", .running)
      try await stage.happens(response.2)
      #expect(await !stage.session.waitUntilAcknowledged(within: .seconds(180)))
    }
  }

  @Test("a single 400 “cannot be found”, as from old agents in recovery, doesn't end the session")
  func unknownForAMoment() async throws {
    let agent = try FakeAgent()
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      agent.fail(
        "SUBSCRIBE", .response(404, ""), .response(400, "Framework cannot be found"),
        .response(503, ""),
        .response(400, "Framework cannot be found"))
      agent.closeStream()
      try await stage.happens("again")
    }
  }

  @Test("an update that an agent can't parse is sent again with fewer fields and the same uuid")
  func reducedUpdate() async throws {
    let agent = try FakeAgent()
    agent.fail("UPDATE", .response(400, "Failed to convert JSON into Call protobuf"))
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      await stage.session.send(
        TaskUpdate(
          taskID: "a", state: .failed, message: "why", reason: .taskInvalid,
          labels: [Label(key: "k")], networks: [NetworkInfo(addresses: ["10.0.0.1"])]))
      try await stage.takes("TASK_FAILED")
      let calls = agent.calls("UPDATE")
      try #require(calls.count == 2)
      #expect(Set(calls.flatMap(\.updates)).count == 1)
      #expect(calls[0].json.contains("network_infos") && !calls[1].json.contains("network_infos"))
      #expect(calls[1].json.contains("\"message\":\"why\"") && !calls[1].json.contains("REASON"))
    }
  }

  @Test("a stream that breaks off or is malformed is replaced by another")
  func brokenStreams() async throws {
    let agent = try FakeAgent()
    agent.fail(
      "SUBSCRIBE", .bytes("oops"), .bytes("12"), .bytes("99999999999\n{"), .closeBefore,
      .response(202, ""), .response(503, ""))
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      agent.closeStream(insideRecord: true)
      try await stage.happens("again")
      agent.closeStream()
      try await stage.happens("again", times: 2)
      agent.push("{\"type\":\"ERROR\",\"error\":{\"message\":\"abort\"}}")
      try await stage.happens("again", times: 3)
      agent.server.stop()
      try agent.server.restart()
      try await stage.happens("again", times: 4)
    }
    #expect(agent.violations.isEmpty)
  }

  @Test("a SUBSCRIBE without a response is sent again after its deadline")
  func stalledSubscribe() async throws {
    let agent = try FakeAgent()
    agent.fail("SUBSCRIBE", .stall)
    let deadlines = SessionDeadlines(subscribe: .milliseconds(100))
    try await withSession(agent: agent, deadlines: deadlines) { stage in
      try await stage.happens("subscribed")
    }
  }

  @Test("SHUTDOWN may come instead of SUBSCRIBED, and is delivered once")
  func shutdownOnly() async throws {
    let agent = try FakeAgent()
    agent.fail(
      "SUBSCRIBE", .only("{\"type\":\"SHUTDOWN\"}"), .only("{\"type\":\"SHUTDOWN\"}"))
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      #expect(stage.story == ["shutdown", "subscribed"])
    }
  }

  @Test("a thousand connection faults neither lose, reorder nor duplicate updates")
  func chaos() async throws {
    let agent = try FakeAgent()
    let chaos = Chaos(seed: SeededGenerator(for: "connection faults"))
    agent.set { $0.chaos = { chaos.fault(for: $0) } }
    let environment = agent.environment(backoff: .milliseconds(4))
    let deadlines = SessionDeadlines(call: .milliseconds(40), subscribe: .milliseconds(40))
    try await withSession(agent: agent, environment: environment, deadlines: deadlines) { stage in
      var sent: [String] = []
      while chaos.count < 1000 {
        let task = TaskID("t\(sent.count % 5)")
        let message = "\(sent.count)"
        // With more updates, a SUBSCRIBE that contains all of them would take longer than its
        // deadline.
        if sent.count - agent.taken.count < 200,
          await stage.send(task, .running, message) != nil
        {
          sent.append(message)
        }
        if let blow = chaos.blow() {
          switch blow {
          case .stream(let isInside): agent.closeStream(insideRecord: isInside)
          case .restart:
            agent.server.stop()
            try await Task.sleep(for: .milliseconds(3))
            try agent.server.restart()
          }
        }
        try await Task.sleep(for: .milliseconds(2))
      }
      chaos.calm()
      try await eventually("all taken", within: .seconds(180)) { agent.taken.count >= sent.count }
      #expect(agent.taken.map(\.message) == sent)
      // An acknowledgement can be lost with its stream. The next SUBSCRIBE gets it again.
      agent.closeStream()
      #expect(await stage.session.waitUntilAcknowledged(within: .seconds(180)))
      let copies = Dictionary(grouping: agent.calls.flatMap(\.updates), by: \.uuid)
      #expect(copies.count == sent.count)
      #expect(copies.values.allSatisfy { Set($0).count == 1 })
      #expect(!stage.story.contains { $0.hasPrefix("ended") })
    }
    #expect(agent.violations.isEmpty)
  }
}
