import Foundation
import MesosExecutor
import TestSupport
import Testing

/// docs/executor-http-api.md, "Disconnections", "Agent Recovery" and "Backoff Strategies".
@Suite("The agent is gone", .timeLimit(.minutes(6)))
struct RecoveryTests {
  /// Invariant 8: updates are sent again after a reconnection.
  @Test("SUBSCRIBE repeats everything unacknowledged: updates with their uuids, and tasks")
  func unacknowledged() async throws {
    let agent = try FakeAgent()
    agent.set { $0.acknowledges = false }
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      for task in ["a", "b", "c"] { agent.launch(task) }
      try await stage.happens("launch c")
      await stage.send("a", .starting)
      try await stage.takes("TASK_STARTING")
      agent.acknowledgeAll()
      try await eventually("acknowledged") { await stage.session.unacknowledgedCount == 0 }
      await stage.send("a", .running)
      await stage.send("b", .starting)
      try await stage.takes("TASK_STARTING", "TASK_RUNNING", "TASK_STARTING")

      agent.server.stop()
      await stage.send("b", .failed)
      try agent.server.restart()
      try await stage.happens("again")
      let call = try #require(agent.calls("SUBSCRIBE").last)
      #expect(call.tasks == ["b", "c"])
      #expect(call.updates.map(\.state) == ["TASK_RUNNING", "TASK_STARTING", "TASK_FAILED"])
      #expect(call.updates.prefix(2).map(\.uuid) == agent.taken[1...2].map(\.uuid))
      // An agent may repeat a LAUNCH.
      agent.launch("b")
      agent.launch("d")
      try await stage.happens("launch d")
      #expect(stage.story.count { $0 == "launch b" } == 1)
    }
    #expect(agent.violations.isEmpty)
  }

  @Test("without checkpointing the session ends at once")
  func noCheckpointing() async throws {
    let agent = try FakeAgent()
    let environment = agent.environment(checkpoint: false)
    try await withSession(agent: agent, environment: environment) { stage in
      try await stage.happens("subscribed")
      agent.server.stop()
      try await stage.happens(
        "ended the connection to the agent was lost, and the framework has no checkpointing")
      #expect(agent.calls.count == 1)
    }
  }

  @Test("each wait is a random part of half the agent's limit, until the recovery timeout")
  func recoveryTimeout() async throws {
    let agent = try FakeAgent()
    let clock = TestClock()
    let environment = agent.environment(recoveryTimeout: .seconds(10), backoff: .seconds(2))
    try await withSession(
      agent: agent, environment: environment, timing: clock.timing(fraction: 0.75)
    ) { stage in
      try await stage.happens("subscribed")
      clock.advance(by: .seconds(3600))
      agent.server.stop()
      for _ in 0..<13 { try await clock.passSleep(of: .milliseconds(750)) }
      #expect(stage.story == ["subscribed"])
      try await clock.passSleep(of: .milliseconds(250))
      try await stage.happens("ended the agent did not come back within 10.0 seconds")
      // The recovery timeout can pass before the last wait is drawn.
      #expect(13...14 ~= clock.draws.count && clock.draws.allSatisfy { $0 == .seconds(1) })
      #expect(clock.now == .seconds(3610))
    }
  }

  @Test("an agent that accepts SUBSCRIBE without a response doesn't extend the recovery timeout")
  func silentAgent() async throws {
    let agent = try FakeAgent()
    let clock = TestClock()
    let environment = agent.environment(recoveryTimeout: .seconds(10))
    agent.fail("SUBSCRIBE", .stall)
    let limits = SessionLimits(registration: .seconds(5))
    try await withSession(
      agent: agent, environment: environment, timing: clock.timing(), limits: limits
    ) { stage in
      try await clock.passSleep(of: .seconds(10))
      try await stage.happens("ended the agent did not come back within 10.0 seconds")
    }
  }

  @Test("the message has the total time without the agent, not that of the last attempt")
  func laterSilence() async throws {
    let agent = try FakeAgent()
    let clock = TestClock()
    let environment = agent.environment(recoveryTimeout: .seconds(10), backoff: .seconds(2))
    try await withSession(agent: agent, environment: environment, timing: clock.timing()) { stage in
      try await stage.happens("subscribed")
      agent.fail("SUBSCRIBE", .response(503, "Agent has not finished recovery"), .stall)
      agent.closeStream()
      // The first sleep is after the stream's end, the second after the 503.
      try await clock.passSleep(of: .seconds(1))
      try await clock.passSleep(of: .seconds(1))
      try await clock.passSleep(of: .seconds(8))
      try await stage.happens("ended the agent did not come back within 10.0 seconds")
    }
  }

  @Test("a new subscription restarts the recovery timeout, with or without heartbeats")
  func timeoutStartsAnew() async throws {
    let agent = try FakeAgent()
    let clock = TestClock()
    let environment = agent.environment(recoveryTimeout: .seconds(3), backoff: .seconds(2))
    try await withSession(agent: agent, environment: environment, timing: clock.timing()) { stage in
      try await stage.happens("subscribed")
      for round in 1...3 {
        clock.advance(by: .seconds(86400))
        agent.fail("SUBSCRIBE", .response(503, "Agent has not finished recovery"))
        agent.closeStream()
        try await clock.passSleep(of: .seconds(1))
        try await clock.passSleep(of: .seconds(1))
        try await stage.happens("again", times: round)
      }
      #expect(stage.story == ["subscribed", "again", "again", "again"])
    }
  }

  @Test("updates to an agent in recovery are sent again with the same backoff")
  func updateBackoff() async throws {
    let agent = try FakeAgent()
    let clock = TestClock()
    let environment = agent.environment(backoff: .seconds(2))
    agent.fail("UPDATE", .response(503, "Agent has not finished recovery"), .response(503, ""))
    try await withSession(agent: agent, environment: environment, timing: clock.timing()) { stage in
      try await stage.happens("subscribed")
      await stage.send("a", .running)
      try await clock.passSleep(of: .seconds(1))
      try await clock.passSleep(of: .seconds(1))
      try await stage.takes("TASK_RUNNING")
      #expect(agent.calls("UPDATE").count == 3)
    }
  }

  @Test("a wait for acknowledgements ends at its deadline")
  func acknowledgementDeadline() async throws {
    let agent = try FakeAgent()
    agent.set { $0.acknowledges = false }
    let clock = TestClock()
    try await withSession(agent: agent, timing: clock.timing()) { stage in
      await stage.send("a", .finished)
      try await stage.takes("TASK_FINISHED")
      async let isAcknowledged = stage.session.waitUntilAcknowledged(within: .seconds(100))
      try await clock.passSleep(of: .seconds(100))
      #expect(await !isAcknowledged)
    }
  }
}
