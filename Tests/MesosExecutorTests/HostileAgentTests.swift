import Foundation
import TestSupport
import Testing

@testable import MesosExecutor

/// Faults of agents, and of proxies before them, that occur in practice.
@Suite("An agent that misbehaves", .timeLimit(.minutes(6)))
struct HostileAgentTests {
  private static let refusals: [FakeAgent.Fault] = [
    .response(503, "Agent has not finished recovery"), .response(404, ""), .response(307, ""),
    .response(401, ""), .response(403, "no claim"), .response(500, "oops"),
  ]

  @Test(
    "an agent that isn't ready gets another SUBSCRIBE, with or without checkpointing",
    arguments: [503, 404, 307, 500], [true, false])
  func firstSubscription(status: Int, checkpoint: Bool) async throws {
    let agent = try FakeAgent()
    agent.fail("SUBSCRIBE", .response(status, ""), .response(status, ""))
    let environment = agent.environment(checkpoint: checkpoint)
    // A busy machine is slow.
    let limits = SessionLimits(registration: .seconds(80))
    try await withSession(agent: agent, environment: environment, limits: limits) { stage in
      try await stage.happens("subscribed")
      #expect(stage.story == ["subscribed"])
    }
  }

  @Test(
    "a refusal of a later SUBSCRIBE ends nothing, but two in a row do", arguments: [401, 403])
  func laterSubscription(status: Int) async throws {
    let agent = try FakeAgent()
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      for number in 1...2 {
        agent.fail("SUBSCRIBE", .response(503, ""), .response(status, ""), .response(503, ""))
        agent.closeStream()
        try await stage.happens("again", times: number)
      }
      agent.fail("SUBSCRIBE", .response(status, "no"), .response(status, "no"))
      agent.closeStream()
      try await stage.happens("ended the agent")
      #expect(stage.story.last?.contains("\(status) no") == true, "\(stage.story)")
    }
  }

  @Test("a session ends in time if the agent doesn't become ready for the first SUBSCRIBE")
  func neverReady() async throws {
    let agent = try FakeAgent()
    let clock = TestClock()
    agent.set { $0.chaos = { _ in .response(503, "") } }
    let environment = agent.environment(checkpoint: false, backoff: .seconds(10))
    try await withSession(agent: agent, environment: environment, timing: clock.timing()) { stage in
      for _ in 1...3 { try await clock.passSleep(of: .seconds(5)) }
      try await stage.happens("ended the agent did not come back within 15.0 seconds")
    }
  }

  @Test("an agent's text is logged as one line of limited length")
  func texts() async throws {
    let agent = try FakeAgent()
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      for number in 1...3 {
        let text = "E\(number)\\u001b[2J\\n" + String(repeating: "x", count: 200_000)
        agent.push("{\"type\": \"ERROR\", \"error\": {\"message\": \"\(text)\"}}")
        try await stage.happens("again", times: number)
      }
      let lines = stage.log.lines.filter { $0.contains("the agent reports an error: E") }
      #expect(lines.count == 3)
      #expect(lines.allSatisfy { $0.count < 1200 && !$0.contains("\u{1b}") && !$0.contains("\n") })
    }
  }

  @Test(
    "an update's message is one line of at most 4,096 characters, or 256 after a refusal"
  )
  func messages() async throws {
    let agent = try FakeAgent()
    agent.fail("UPDATE", .response(400, "can't be read"))
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      await stage.send("a", .running, "two\nlines\u{0}" + String(repeating: "x", count: 3_000_000))
      try await stage.takes("TASK_RUNNING")
      await stage.send("a", .failed, String(repeating: "y", count: 3_000_000))
      try await stage.takes("TASK_RUNNING", "TASK_FAILED")
      #expect(agent.taken[0].message?.count == 256)
      #expect(agent.taken[0].message?.hasPrefix("two lines\u{fffd}x") == true)
      #expect(agent.taken[1].message == String(repeating: "y", count: 4096) + "…")
    }
  }

  @Test("a single refusal of an UPDATE ends nothing, and is logged", arguments: refusals)
  func firstUpdate(refusal: FakeAgent.Fault) async throws {
    let agent = try FakeAgent()
    agent.fail("UPDATE", refusal)
    let environment = agent.environment(checkpoint: false)
    try await withSession(agent: agent, environment: environment) { stage in
      try await stage.happens("subscribed")
      await stage.send("a", .running)
      try await stage.takes("TASK_RUNNING")
      #expect(stage.story == ["subscribed"])
      guard case .response(let status, let words) = refusal else { return }
      let line = stage.log.lines.first { $0.contains("task a TASK_RUNNING") } ?? ""
      #expect(
        line.contains("\(status) \(words)".split(separator: " ").joined(separator: " ")),
        "\(stage.log.lines)")
    }
  }

  @Test("an agent that refuses every call for a minute ends the session", arguments: [401, 403])
  func refusedForLong(status: Int) async throws {
    let agent = try FakeAgent()
    let clock = TestClock()
    agent.set { $0.chaos = { type in type == "UPDATE" ? .response(status, "no") : nil } }
    let environment = agent.environment(backoff: .seconds(40))
    try await withSession(agent: agent, environment: environment, timing: clock.timing()) { stage in
      try await stage.happens("subscribed")
      await stage.send("a", .running)
      for _ in 1...3 { try await clock.passSleep(of: .seconds(20)) }
      try await stage.happens("ended the agent")
      let lines = stage.log.lines.filter { $0.contains("refuses task a TASK_RUNNING") }
      // The same line is logged once a minute. The last one has the count.
      #expect(lines.count == 2 && lines.allSatisfy { $0.contains("\(status) no") }, "\(lines)")
      #expect(lines.last?.contains("(and 2 times before)") == true, "\(lines)")
    }
  }

  @Test("an update that is always refused doesn't delay a terminal update", arguments: [400, 413])
  func refusedForEver(status: Int) async throws {
    let agent = try FakeAgent()
    let refusals = Array(repeating: FakeAgent.Fault.response(status, "no"), count: 5)
    agent.set { $0.faults["UPDATE"] = refusals }
    let limits = SessionLimits(updateBackoff: .milliseconds(50), leastBackoff: .zero)
    try await withSession(agent: agent, limits: limits) { stage in
      try await stage.happens("subscribed")
      await stage.send("a", .starting)
      try await eventually("five refusals") { agent.calls("UPDATE").count >= 5 }
      agent.set { $0.chaos = { type in type == "UPDATE" ? .response(status, "still no") : nil } }
      await stage.send("a", .finished)
      try await eventually("the terminal update") {
        agent.calls("UPDATE").flatMap(\.updates).contains { $0.state == "TASK_FINISHED" }
      }
      agent.set { $0.chaos = nil }
      #expect(await stage.session.waitUntilAcknowledged(within: .seconds(180)))
      #expect(agent.taken.contains { $0.state == "TASK_FINISHED" })
      #expect(agent.taken.count { $0.state == "TASK_FINISHED" } == 1)
    }
  }

  @Test("refused updates are sent again at growing intervals")
  func growingIntervals() async throws {
    let agent = try FakeAgent()
    let clock = TestClock()
    agent.set { $0.chaos = { type in type == "UPDATE" ? .response(503, "no") : nil } }
    try await withSession(agent: agent, timing: clock.timing()) { stage in
      try await stage.happens("subscribed")
      await stage.send("a", .starting)
      for pause in [10, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000] {
        try await clock.passSleep(of: .milliseconds(pause))
      }
      try await eventually("eleven calls") { agent.calls("UPDATE").count == 11 }
    }
  }

  @Test(
    "a stream without events for three heartbeat intervals is replaced",
    arguments: [10, 30, 1800])
  func halfOpen(interval: Int) async throws {
    let agent = try FakeAgent()
    let clock = TestClock()
    try await withSession(agent: agent, timing: clock.timing()) { stage in
      try await stage.happens("subscribed")
      func heartbeat() async throws {
        let before = await stage.session.lastHeartbeat
        agent.push("{\"type\":\"HEARTBEAT\"}")
        try await eventually("the heartbeat") { await stage.session.lastHeartbeat != before }
      }
      clock.advance(by: .seconds(3600))
      try await heartbeat()
      clock.advance(by: .seconds(interval))
      try await heartbeat()
      try await clock.passSleep(of: .seconds(max(90, 3 * interval)))
      try await clock.passSleep(of: .milliseconds(10))
      try await stage.happens("again")
      #expect(stage.log.lines.contains { $0.contains("no event and no heartbeat for") })
    }
  }

  @Test("a recovery timeout of zero counts from a disconnection", arguments: [true, false])
  func noRecoveryTimeout(checkpoint: Bool) async throws {
    let agent = try FakeAgent()
    agent.fail("SUBSCRIBE", .response(503, "Agent has not finished recovery"))
    let environment = agent.environment(checkpoint: checkpoint, recoveryTimeout: .zero)
    try await withSession(agent: agent, environment: environment) { stage in
      try await stage.happens("subscribed")
      agent.closeStream()
      try await stage.happens("ended")
      #expect(stage.story.count == 2)
    }
  }

  @Test("an unusable SUBSCRIBED breaks its stream, with the reason")
  func unusableSubscribed() async throws {
    let agent = try FakeAgent()
    agent.fail("SUBSCRIBE", .only("{\"type\":\"SUBSCRIBED\",\"subscribed\":7}"))
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      #expect(stage.story == ["subscribed"])
      let line = stage.log.lines.first { $0.contains("not subscribed") } ?? ""
      #expect(line.contains("the agent's SUBSCRIBED can't be read"), "\(stage.log.lines)")
    }
  }

  @Test("a malformed task is reported, so that an executor without other tasks can exit")
  func unreadableTask() async throws {
    try await withSession { stage in
      try await stage.happens("subscribed")
      stage.agent.launch("a", more: ",\"resources\":7")
      try await stage.takes("TASK_ERROR")
      try await stage.happens("refused a")
      #expect(await stage.session.waitUntilAcknowledged(within: .seconds(180)))
    }
  }

  @Test("a flood of empty events breaks the stream, and logs only a few lines")
  func flood() async throws {
    let agent = try FakeAgent()
    agent.fail("SUBSCRIBE", .bytes(String(repeating: "0\n", count: 200_000)))
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      #expect(stage.log.lines.count < 20, "\(stage.log.lines.count)")
      #expect(stage.log.lines.contains { $0.contains("101 events of one stream") })
    }
  }

  @Test("a record of more than 16 MiB is refused")
  func largeRecord() async throws {
    let agent = try FakeAgent()
    agent.fail("SUBSCRIBE", .bytes("16777217\n{"))
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      #expect(stage.log.lines.contains { $0.contains("a record of 16777217 bytes") })
    }
  }

  @Test("attempts are at least 100 ms apart, even if the agent permits less")
  func leastBackoff() async throws {
    let agent = try FakeAgent()
    let clock = TestClock()
    agent.fail("SUBSCRIBE", .response(503, ""), .response(503, ""))
    let environment = agent.environment(backoff: .zero)
    try await withSession(
      agent: agent, environment: environment, timing: clock.timing(), limits: SessionLimits()
    ) { stage in
      for _ in 1...2 { try await clock.passSleep(of: .milliseconds(100)) }
      try await stage.happens("subscribed")
      #expect(agent.calls("SUBSCRIBE").count == 3)
    }
  }

  @Test("an agent that doesn't support a reason gets all later updates without it")
  func newerReason() async throws {
    let agent = try FakeAgent()
    agent.fail("UPDATE", .response(400, "Failed to convert JSON into Call protobuf"))
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      for number in 1...2 {
        await stage.session.send(
          TaskUpdate(
            taskID: "a", state: .running, message: "\(number)",
            reason: .taskHealthCheckStatusUpdated, isHealthy: true,
            networks: [NetworkInfo(addresses: ["10.0.0.1"])]))
      }
      try await stage.takes("TASK_RUNNING", "TASK_RUNNING")
      let calls = agent.calls("UPDATE").map(\.json)
      #expect(calls.map { $0.contains("REASON_TASK_HEALTH") } == [true, false, false])
      #expect(calls.allSatisfy { $0.contains("network_infos") })
    }
  }
}
