import AgentStandIn
import TestSupport
import Testing

/// src/slave/http.cpp, `Http::executor`, and src/common/validation.cpp.
@Suite("The stand-in's endpoint", .timeLimit(.minutes(5)))
struct CallTests {
  /// A mistake of an executor, and the agent's error text.
  struct Mistake: Sendable, CustomTestStringConvertible {
    let what: String
    var version = MesosVersion.latest
    var headers: [String: String] = [:]
    let status: Int
    let response: String
    let body: @Sendable (Peer) -> JSON

    var testDescription: String { what }
  }

  static let mistakes = [
    Mistake(
      what: "no content type that it reads", headers: ["Content-Type": "text/plain"], status: 415,
      response: "Expecting 'Content-Type'", body: { $0.message("MESSAGE") }),
    Mistake(
      what: "an answer that it can't write", headers: ["Accept": "text/plain"], status: 406,
      response: "Expecting 'Accept'", body: { $0.message("SUBSCRIBE", ["subscribe": [:]]) }),
    Mistake(
      what: "no object", status: 400, response: "Expecting a JSON object", body: { _ in "text" }),
    Mistake(
      what: "no executor ID", status: 400, response: "Missing required fields: executor_id",
      body: { ["type": "MESSAGE", "framework_id": .id($0.agent.options.frameworkID)] }),
    Mistake(
      what: "another framework", status: 400, response: "Framework cannot be found",
      body: {
        var call = $0.message("MESSAGE", ["message": ["data": ""]])
        call["framework_id"] = .id("other")
        return call
      }),
    Mistake(
      what: "another executor", status: 400, response: "Executor cannot be found",
      body: {
        var call = $0.message("MESSAGE", ["message": ["data": ""]])
        call["executor_id"] = .id("other")
        return call
      }),
    Mistake(
      what: "an update before it has subscribed", status: 403,
      response: "Executor is not subscribed",
      body: { $0.message("UPDATE", ["update": ["status": $0.status("TASK_RUNNING")]]) }),
    Mistake(
      what: "an update without a uuid", status: 400, response: "Expecting 'uuid' to be present",
      body: {
        var status = $0.status("TASK_RUNNING")
        status["uuid"] = .null
        return $0.message("UPDATE", ["update": ["status": status]])
      }),
    Mistake(
      what: "an update that claims to be the master's", status: 400, response: "invalid source",
      body: {
        $0.message(
          "UPDATE",
          ["update": ["status": $0.status("TASK_RUNNING", ["source": "SOURCE_MASTER"])]])
      }),
    Mistake(
      what: "a state that only Mesos gives", status: 400, response: "TASK_STAGING",
      body: { $0.message("UPDATE", ["update": ["status": $0.status("TASK_STAGING")]]) }),
    Mistake(
      what: "a reason that 1.4 doesn't know", version: MesosVersion(1, 4), status: 400,
      response: "Failed to find enum for 'REASON_AGENT_DRAINING'",
      body: {
        $0.message(
          "UPDATE",
          ["update": ["status": $0.status("TASK_FAILED", ["reason": "REASON_AGENT_DRAINING"])]])
      }),
    Mistake(
      what: "a message that isn't base64", status: 400, response: "Failed to base64 decode",
      body: { $0.message("MESSAGE", ["message": ["data": "?"]]) }),
  ]

  @Test("refuses a mistake with the agent's error text, and records it", arguments: mistakes)
  func refused(mistake: Mistake) async throws {
    try await withAgent({ $0.version = mistake.version }) { agent in
      agent.addExecutor(["executor_id": .id("e")])
      let response = try await Peer(agent).send(mistake.body(Peer(agent)), headers: mistake.headers)
      #expect(response.status == mistake.status)
      #expect(response.text.contains(mistake.response), "\(response.text)")
      #expect(agent.violations.count == 1)
    }
  }

  @Test("records a field that no message declares, although an agent ignores it")
  func unknownField() async throws {
    try await withTask { agent, peer, _ in
      try await peer.update(peer.status("TASK_RUNNING", ["helthy": true]))
      #expect(agent.calls.last?.status == 202)
      #expect(agent.violations.map(\.what).contains { $0.contains("helthy") })
    }
  }

  @Test("requires the token of the run")
  func token() async throws {
    try await withAgent({ $0.authenticatesExecutors = true }) { agent in
      agent.addExecutor(["executor_id": .id("e")])
      let call = Peer(agent).message("SUBSCRIBE", ["subscribe": [:]])
      let bare = try await Peer(agent).send(call)
      let wrong = ["Authorization": "Bearer nothing"]
      let forged = try await Peer(agent).send(call, headers: wrong)
      #expect([bare.status, forged.status] == [401, 401])
    }
  }

  @Test("handles updates in order, and acknowledges repetitions without counting them")
  func updates() async throws {
    try await withTask { agent, peer, stream in
      let first = peer.status("TASK_STARTING")
      for status in [first, first, peer.status("TASK_RUNNING", at: 2)] {
        #expect(try await peer.update(status) == 202)
      }
      try await stream.has("ACKNOWLEDGED", times: 3)
      #expect(agent.states(of: "t") == ["TASK_STARTING", "TASK_RUNNING"])
      #expect(agent.updates.allSatisfy { $0.isAcknowledged })
      #expect(agent.violations.isEmpty)
    }
  }

  /// Sequences of updates that mislead a framework, with a part of the journal's text.
  static let falsehoods: [(states: [(String, [String: JSON])], word: String)] = [
    ([("TASK_RUNNING", [:]), ("TASK_STARTING", [:])], "after TASK_RUNNING"),
    ([("TASK_RUNNING", [:]), ("TASK_RUNNING", [:])], "twice"),
    ([("TASK_FINISHED", [:]), ("TASK_FAILED", [:])], "already terminated"),
    ([("TASK_FAILED", ["healthy": true])], "tells of health"),
    ([("TASK_RUNNING", ["timestamp": 3]), ("TASK_FAILED", ["timestamp": 2])], "is older than"),
    ([("TASK_RUNNING", ["timestamp": .null])], "without a timestamp"),
    (
      [("TASK_RUNNING", ["container_status": ["container_id": ["value": "x"]]])],
      "container_id"
    ),
    ([("TASK_KILLING", [:])], "without TASK_KILLING_STATE"),
  ]

  @Test("records misleading updates in its journal", arguments: falsehoods.indices)
  func lies(index: Int) async throws {
    let lie = Self.falsehoods[index]
    try await withTask({ $0.capabilities = [] }) { agent, peer, _ in
      for (state, more) in lie.states {
        try await peer.update(peer.status(state, more))
      }
      #expect(agent.violations.count == 1)
      #expect(agent.violations.first?.what.contains(lie.word) == true, "\(agent.violations)")
    }
  }

  @Test("withholds, drops or delays acknowledgements as the test requires")
  func acknowledgements() async throws {
    try await withTask { agent, peer, stream in
      agent.acknowledge(.withheld)
      try await peer.update(peer.status("TASK_STARTING"))
      #expect(agent.updates.map(\.isAcknowledged) == [false])
      agent.releaseAcknowledgements()
      try await stream.has("ACKNOWLEDGED")
      agent.acknowledge(.dropped)
      try await peer.update(peer.status("TASK_RUNNING", at: 2))
      agent.acknowledge(.delayed(.milliseconds(10)))
      try await peer.update(peer.status("TASK_FINISHED", at: 3))
      try await stream.has("ACKNOWLEDGED", times: 2)
      #expect(agent.violations.isEmpty)
    }
  }
}
