import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("The stand-in agent's misbehaviors")
struct MisbehaviorTests {
  private func subscribed(_ behavior: Misbehavior) async throws -> JSON? {
    var event: JSON?
    try await withTask({ $0.faults = Faults(behavior) }) { _, _, stream in
      event = stream.events.first { $0["type"] == "SUBSCRIBED" }?["subscribed"]
    }
    return event
  }

  @Test("SUBSCRIBED has another run, or lacks a field")
  func subscriptions() async throws {
    #expect(try await subscribed(.subscribedRun(".."))?["container_id"]?.id == "..")
    let without = try await subscribed(.subscribedWithout("framework_info"))
    #expect(without?["framework_info"] == nil && without?["agent_info"] != nil)
  }

  @Test("a label has a byte that isn't UTF-8, so that the event can't be parsed")
  func latin1() async throws {
    try await withAgent({ $0.faults = Faults(.latin1Label) }) { agent in
      agent.addExecutor(["executor_id": .id("e")])
      agent.send(TaskDescription(id: "t", command: "", executorID: "e"))
      let stream = try await Peer(agent).subscribe()
      try await stream.has("LAUNCH")
      #expect(!stream.types.contains("SUBSCRIBED"))
    }
  }

  @Test("tasks and kill policies are malformed")
  func unreadable() async throws {
    let behaviors = Faults(.unreadableTask, .unreadableKillPolicy)
    try await withTask({ $0.faults = behaviors }) { agent, _, stream in
      #expect(stream.events.last?["launch"]?["task"]?["discovery"] == 7)
      agent.kill("t", grace: .seconds(3))
      try await stream.has("KILL")
      #expect(stream.events.last?["kill"]?["kill_policy"]?["grace_period"] == "soon")
    }
  }

  @Test("calls of one type are refused the given number of times, and not handled")
  func refusals() async throws {
    let refusal = Faults(.refusal(of: "UPDATE", status: 401, times: 2))
    try await withTask({ $0.faults = refusal }) { agent, peer, _ in
      let status = peer.status("TASK_STARTING")
      var responses: [Int] = []
      for _ in 0..<3 { responses.append(try await peer.update(status)) }
      #expect(responses == [401, 401, 202])
      #expect(agent.updates.count == 1 && agent.violations.isEmpty)
    }
  }

  @Test("a stream sends nothing after its first heartbeat, and stays open")
  func silence() async throws {
    let change: (inout AgentOptions) -> Void = {
      $0.heartbeatInterval = .milliseconds(50)
      $0.faults = Faults(.silence)
    }
    try await withTask(change) { agent, _, stream in
      try await stream.has("HEARTBEAT")
      agent.kill("t")
      try await eventually("more heartbeats of the agent's") {
        agent.events.count { $0["type"] == "HEARTBEAT" } >= 4
      }
      #expect(stream.types.suffix(2) == ["LAUNCH", "HEARTBEAT"] && !stream.isClosed)
    }
  }

  @Test("empty records and a huge one precede events")
  func floods() async throws {
    try await withTask({ $0.faults = Faults(.emptyRecords(1000), .hugeRecord(1 << 20)) }) {
      agent, _, stream in
      agent.send(message: [1], to: "e")
      try await stream.has("MESSAGE")
      #expect(stream.types == ["SUBSCRIBED", "LAUNCH", "MESSAGE"])
    }
  }

  @Test("events come twice or out of order; calls are delayed or refused")
  func chaos() async throws {
    try await withTask { agent, peer, stream in
      var faults = Faults(seed: 3)
      faults.repeatEvent = 0.5
      faults.swapEvents = 0.5
      faults.refuse = 0.3
      faults.delay = 0.5
      faults.longestDelay = .milliseconds(20)
      agent.inject(faults)
      for number in 0..<200 { agent.send(message: [UInt8(number)], to: "e") }
      let status = peer.status("TASK_STARTING")
      try await eventually("202") { try await peer.update(status) == 202 }
      try await stream.has("ACKNOWLEDGED")
      try await stream.has("MESSAGE", times: 201)
      let sent = (0..<200).map { JSON.string(Data([UInt8($0)]).base64EncodedString()) }
      let got = stream.events.compactMap { $0["message"]?["data"] }
      #expect(Set(got) == Set(sent) && got.count > 200)
      let once = got.reduce(into: [JSON]()) { if $0.last != $1 { $0.append($1) } }
      #expect(once != sent)
      #expect(agent.faultCount > 50)
    }
  }
}
