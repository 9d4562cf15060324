import Foundation
import TestSupport
import Testing

@testable import MesosExecutor

@Suite("The order of a task's updates", .timeLimit(.minutes(6)))
struct DeliveryOrderTests {
  static let states: [TaskState] = [.starting, .running, .finished]

  /// A response of an agent to an update, which it often repeats.
  struct Answer: Sendable, CustomTestStringConvertible {
    let fault: FakeAgent.Fault
    /// Whether the response means that the agent never accepts this update.
    var isFinal = false
    var testDescription: String { "\(fault)" }

    static let all: [Answer] = [
      Answer(fault: .answer(400, "can't be read"), isFinal: true),
      Answer(fault: .answer(413, ""), isFinal: true),
      Answer(fault: .answer(400, "Framework cannot be found")),
      Answer(fault: .answer(401, "")), Answer(fault: .answer(403, "no claim")),
      Answer(fault: .answer(403, "Executor is not subscribed")),
      Answer(fault: .answer(503, "Agent has not finished recovery")),
      Answer(fault: .answer(404, "")), Answer(fault: .answer(307, "")),
      Answer(fault: .answer(429, "")), Answer(fault: .answer(500, "")),
      Answer(fault: .closeBefore), Answer(fault: .closeAfter),
    ]
  }

  private func rank(_ update: SeenUpdate) -> Int {
    Self.states.firstIndex { $0.rawValue == update.state } ?? -1
  }

  /// Each update gets each response at least ten times in a row, twice as often as an update may be
  /// refused.
  @Test(
    "holds for each response to each update, and whether or not responses are lost",
    arguments: Answer.all, [0, 1, 2])
  func order(answer: Answer, faulty: Int) async throws {
    for isLost in [false, true] {
      let agent = try FakeAgent()
      agent.set {
        for state in Self.states where isLost { $0.updateFaults[state.rawValue] = [.closeAfter] }
        // On a busy machine, some faults affect requests whose responses come too late.
        let count = answer.isFinal && faulty < 2 ? 100 : 10
        let faults = Array(repeating: answer.fault, count: count)
        $0.updateFaults[Self.states[faulty].rawValue, default: []].insert(contentsOf: faults, at: 0)
      }
      let limits = SessionLimits(updateBackoff: .milliseconds(10), leastBackoff: .zero)
      let environment = agent.environment(backoff: .milliseconds(4))
      try await withSession(agent: agent, environment: environment, limits: limits) { stage in
        try await stage.happens("subscribed")
        for state in Self.states { await stage.send("a", state) }
        #expect(await stage.session.waitUntilAcknowledged(within: .seconds(180)))
      }
      let sent = agent.calls("UPDATE").flatMap(\.updates).map(rank)
      #expect(sent == sent.sorted(), "an update was sent after a later one: \(sent)")
      let taken = agent.taken.map(rank)
      // There is no later update for which the last one could be given up.
      let isGivenUp = answer.isFinal && faulty < 2
      #expect(taken == [0, 1, 2].filter { !isGivenUp || $0 != faulty })
    }
  }

  @Test("a refused update doesn't delay the updates of other tasks", arguments: [400, 413])
  func otherTasks(status: Int) async throws {
    let agent = try FakeAgent()
    let clock = TestClock()
    agent.set { $0.updateFaults["TASK_STARTING"] = [.answer(status, "no")] }
    try await withSession(agent: agent, timing: clock.timing()) { stage in
      try await stage.happens("subscribed")
      await stage.send("a", .starting)
      await stage.send("a", .running)
      await stage.send("b", .failed)
      try await stage.takes("TASK_FAILED")
      try await clock.passSleep(of: .milliseconds(10))
      try await stage.takes("TASK_FAILED", "TASK_STARTING", "TASK_RUNNING")
    }
  }

  @Test("an agent that isn't ready gets the update of one task, not of each")
  func onePace() async throws {
    let agent = try FakeAgent()
    let clock = TestClock()
    agent.set { $0.chaos = { type in type == "UPDATE" ? .answer(503, "no") : nil } }
    try await withSession(agent: agent, timing: clock.timing()) { stage in
      try await stage.happens("subscribed")
      for number in 0..<20 { await stage.send(TaskID("\(number)"), .running) }
      try await clock.passSleep(of: .milliseconds(10))
      try await clock.passSleep(of: .milliseconds(400))
      try await eventually("three calls") { agent.calls("UPDATE").count == 3 }
      #expect(Set(agent.calls("UPDATE").flatMap(\.updates).map(\.task)) == ["0"])
      agent.set { $0.chaos = nil }
      try await clock.passSleep(of: .milliseconds(800))
      try await eventually("all") { agent.taken.count == 20 }
    }
  }
}
