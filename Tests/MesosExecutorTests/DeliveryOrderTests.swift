import Foundation
import TestSupport
import Testing

@testable import MesosExecutor

@Suite("The order of a task's updates", .timeLimit(.minutes(6)))
struct DeliveryOrderTests {
  static let states: [TaskState] = [.starting, .running, .finished]

  /// A response of an agent to an update, which it often repeats.
  struct Response: Sendable, CustomTestStringConvertible {
    let fault: FakeAgent.Fault
    /// Whether the response means that the agent never accepts this update.
    var isFinal = false
    var testDescription: String { "\(fault)" }

    static let all: [Response] = [
      Response(fault: .response(400, "can't be read"), isFinal: true),
      Response(fault: .response(413, ""), isFinal: true),
      Response(fault: .response(400, "Framework cannot be found")),
      Response(fault: .response(401, "")), Response(fault: .response(403, "no claim")),
      Response(fault: .response(403, "Executor is not subscribed")),
      Response(fault: .response(503, "Agent has not finished recovery")),
      Response(fault: .response(404, "")), Response(fault: .response(307, "")),
      Response(fault: .response(429, "")), Response(fault: .response(500, "")),
      Response(fault: .closeBefore), Response(fault: .closeAfter),
    ]
  }

  private func rank(_ update: SeenUpdate) -> Int {
    Self.states.firstIndex { $0.rawValue == update.state } ?? -1
  }

  /// Each update gets each response at least ten times in a row, twice as often as an update may be
  /// refused.
  @Test(
    "holds for each response to each update, and whether or not responses are lost",
    arguments: Response.all, [0, 1, 2])
  func order(response: Response, faulty: Int) async throws {
    for isLost in [false, true] {
      let agent = try FakeAgent()
      agent.set {
        for state in Self.states where isLost { $0.updateFaults[state.rawValue] = [.closeAfter] }
        // On a busy machine, some faults affect requests whose responses come too late.
        let count = response.isFinal && faulty < 2 ? 100 : 10
        let faults = Array(repeating: response.fault, count: count)
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
      let isGivenUp = response.isFinal && faulty < 2
      #expect(taken == [0, 1, 2].filter { !isGivenUp || $0 != faulty })
    }
  }

  @Test("a refused update doesn't delay the updates of other tasks", arguments: [400, 413])
  func otherTasks(status: Int) async throws {
    let agent = try FakeAgent()
    let clock = TestClock()
    agent.set { $0.updateFaults["TASK_STARTING"] = [.response(status, "no")] }
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
    agent.set { $0.chaos = { type in type == "UPDATE" ? .response(503, "no") : nil } }
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
