import Foundation
import HTTPClient
import JSON
import MesosExecutor
import TestSupport
import Testing

/// The session as docs/executor-http-api.md describes it, with an agent that behaves correctly.
@Suite("Session", .timeLimit(.minutes(6)))
struct SessionTests {
  @Test("the first SUBSCRIBE has IDs, token and empty lists", arguments: [false, true])
  func firstSubscription(tcp: Bool) async throws {
    let agent = try FakeAgent(tcp: tcp)
    try await withSession(agent: agent, environment: agent.environment(token: "t0ken")) { stage in
      try await stage.happens("subscribed")
      let call = try #require(agent.calls.first)
      #expect(call.path == (tcp ? "/api/v1/executor" : "/slave(1)/api/v1/executor"))
      #expect(call.headers["authorization"] == "Bearer t0ken")
      #expect(call.headers["accept"] == "application/json")
      #expect(call.json.contains("\"unacknowledged_tasks\":[]"))
      #expect(call.json.contains("\"unacknowledged_updates\":[]"))
      let said = try #require(await stage.session.subscription)
      #expect(said.run == "RUN" && said.framework?.name == "marathon")
      #expect(said.agent?.hostname == "h")
    }
    #expect(agent.violations.isEmpty)
  }

  @Test("updates are sent in order on one connection beside the stream, and are acknowledged")
  func updatesInOrder() async throws {
    try await withSession { stage in
      try await stage.happens("subscribed")
      stage.agent.launch("a")
      try await stage.happens("launch a")
      for number in 0..<50 { await stage.send("a", .running, "\(number)") }
      await stage.send("a", .finished)
      #expect(await stage.session.waitUntilAcknowledged(within: .seconds(180)))
      #expect(stage.agent.taken.dropLast().map(\.message) == (0..<50).map { "\($0)" })
      #expect(stage.agent.calls("UPDATE").count == 51)
      // The connection of the stream is counted when it ends. An acknowledgement can be faster than
      // the last 202.
      #expect(stage.client.connectionCounts.made == 1)
      try await eventually("50 reuses") { stage.client.connectionCounts.reused == 50 }
      #expect(stage.agent.violations.isEmpty)
    }
  }

  @Test("an update has all the fields that an executor must set")
  func updateFields() async throws {
    let clock = TestClock()
    try await withSession(timing: clock.timing()) { stage in
      try await stage.happens("subscribed")
      let network = NetworkInfo(
        name: "pod", addresses: ["172.18.0.2", "fd00::2"],
        ports: [.init(hostPort: 31000, containerPort: 80, protocol: "tcp")])
      let uuid = await stage.session.send(
        TaskUpdate(
          taskID: "a", state: .running, message: "up “now”", reason: .containerLimitationMemory,
          data: Base64Bytes(Array("x".utf8)), isHealthy: true,
          labels: [Label(key: "k", value: "v")],
          networks: [network], check: .http(statusCode: 200)))
      try await stage.takes("TASK_RUNNING")
      let json = try #require(stage.agent.calls("UPDATE").first?.json)
      let bytes = try #require(uuid).bytes
      #expect(
        json == """
          {"executor_id":{"value":"E"},"framework_id":{"value":"F"},"type":"UPDATE","update":\
          {"status":{"agent_id":{"value":"A"},"check_status":{"http":{"status_code":200},\
          "type":"HTTP"},"container_status":{"network_infos":[{"ip_addresses":\
          [{"ip_address":"172.18.0.2","protocol":"IPv4"},\
          {"ip_address":"fd00::2","protocol":"IPv6"}],"name":"pod","port_mappings":\
          [{"container_port":80,"host_port":31000,"protocol":"tcp"}]}]},"data":"eA==",\
          "executor_id":{"value":"E"},"healthy":true,"labels":{"labels":\
          [{"key":"k","value":"v"}]},"message":"up “now”",\
          "reason":"REASON_CONTAINER_LIMITATION_MEMORY","source":"SOURCE_EXECUTOR",\
          "state":"TASK_RUNNING","task_id":{"value":"a"},"timestamp":1000000.25,\
          "uuid":"\(Base64.text(of: bytes))"}}}
          """)
    }
  }

  @Test("events are delivered in order, whatever pieces they arrive in", arguments: [1, 7, 1000])
  func events(pieceSize: Int) async throws {
    let agent = try FakeAgent()
    agent.set { $0.pieceSize = pieceSize }
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      agent.launch("a")
      agent.push("{\"type\":\"HEARTBEAT\"}")
      agent.push("{\"type\":\"FROM_THE_FUTURE\",\"from_the_future\":{}}")
      agent.push("{\"no\":\"type\"}")
      agent.push("not JSON")
      agent.push(
        """
        {"type":"LAUNCH_GROUP","launch_group":{"task_group":{"tasks":[\
        {"name":"x","task_id":{"value":"b"},"agent_id":{"value":"A"}},\
        {"name":"y","task_id":{"value":"a"},"agent_id":{"value":"A"}},\
        {"name":"z","task_id":{"value":"c"},"agent_id":{"value":"A"}}]}}}
        """)
      agent.launch("b")
      agent.push("{\"type\":\"KILL\",\"kill\":{\"task_id\":{\"value\":\"a\"}}}")
      agent.push(
        """
        {"type":"KILL","kill":{"task_id":{"value":"a"},"kill_policy":\
        {"grace_period":{"nanoseconds":1500000000}}}}
        """)
      agent.push("{\"type\":\"MESSAGE\",\"message\":{\"data\":\"aGk=\"}}")
      agent.push("{\"type\":\"SHUTDOWN\"}")
      agent.push("{\"type\":\"SHUTDOWN\"}")
      agent.push("{\"type\":\"KILL\",\"kill\":{\"task_id\":{\"value\":\"last\"}}}")
      try await stage.happens("kill last")
      #expect(
        stage.story == [
          "subscribed", "launch a", "group b c", "kill a -", "kill a 1.5 seconds",
          "message hi", "shutdown", "kill last -",
        ])
    }
  }

  @Test("a malformed task gets a TASK_ERROR")
  func malformedTask() async throws {
    try await withSession { stage in
      try await stage.happens("subscribed")
      stage.agent.launch("a", more: ",\"resources\":\"none\"")
      try await stage.takes("TASK_ERROR")
      #expect(stage.agent.taken.first?.message?.contains("can't be read") == true)
      #expect(await stage.session.waitUntilAcknowledged(within: .seconds(180)))
      #expect(stage.story == ["subscribed", "refused a"])
    }
  }

  @Test("a group with a malformed task gets TASK_ERROR for each of its tasks")
  func malformedGroup() async throws {
    try await withSession { stage in
      try await stage.happens("subscribed")
      stage.agent.push(
        """
        {"type":"LAUNCH_GROUP","launch_group":{"task_group":{"tasks":[\
        {"name":"x","task_id":{"value":"a"},"agent_id":{"value":"A"}},\
        {"name":"y","task_id":{"value":"b"},"agent_id":{"value":"A"},"resources":"none"}]}}}
        """)
      try await stage.takes("TASK_ERROR", "TASK_ERROR")
      #expect(
        stage.agent.taken.allSatisfy { $0.message?.contains("task b of the group") == true })
      #expect(await stage.session.waitUntilAcknowledged(within: .seconds(180)))
      #expect(stage.story == ["subscribed", "refused a", "refused b"])
    }
  }

  @Test("TASK_KILLING is sent only to a framework with that capability", arguments: [false, true])
  func killing(isUnderstood: Bool) async throws {
    let agent = try FakeAgent()
    if isUnderstood { agent.set { $0.capabilities = ["NEW", "TASK_KILLING_STATE"] } }
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      await stage.send("a", .killing)
      await stage.send("a", .killed)
      #expect(await stage.session.waitUntilAcknowledged(within: .seconds(180)))
      #expect(
        agent.taken.map(\.state) == (isUnderstood ? ["TASK_KILLING"] : []) + ["TASK_KILLED"])
    }
  }

  @Test("no update follows a task's terminal update until the task is launched again")
  func afterTheEnd() async throws {
    let agent = try FakeAgent()
    agent.set { $0.acknowledges = false }
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      agent.launch("a")
      try await stage.happens("launch a")
      #expect(await stage.send("a", .failed) != nil)
      #expect(await stage.send("a", .running) == nil)
      #expect(await stage.send("a", .finished) == nil)
      agent.launch("a")
      try await stage.takes("TASK_FAILED")
      agent.acknowledgeAll()
      #expect(await stage.session.waitUntilAcknowledged(within: .seconds(180)))
      agent.launch("a")
      try await stage.happens("launch a", times: 2)
      #expect(await stage.send("a", .running) != nil)
      try await stage.takes("TASK_FAILED", "TASK_RUNNING")
    }
  }

  @Test("an acknowledgement applies only to its task and uuid")
  func acknowledgements() async throws {
    let agent = try FakeAgent()
    agent.set { $0.acknowledges = false }
    try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      await stage.send("a", .running)
      await stage.send("b", .running)
      try await stage.takes("TASK_RUNNING", "TASK_RUNNING")
      let uuids = agent.taken.map(\.uuid)
      func acknowledge(_ task: String, _ uuid: String) {
        agent.push(
          """
          {"type":"ACKNOWLEDGED","acknowledged":{"task_id":{"value":"\(task)"},"uuid":"\(uuid)"}}
          """)
      }
      acknowledge("b", uuids[0])
      acknowledge("a", "AAAA")
      acknowledge("b", uuids[1])
      try await eventually("one is left") { await stage.session.unacknowledgedCount == 1 }
      agent.closeStream()
      try await stage.happens("again")
      #expect(agent.calls("SUBSCRIBE").last?.updates.map(\.uuid) == [uuids[0]])
      #expect(await !stage.session.waitUntilAcknowledged(within: .milliseconds(50)))
      acknowledge("a", uuids[0])
      #expect(await stage.session.waitUntilAcknowledged(within: .seconds(180)))
    }
  }

  @Test("cancellation ends the session and its events at once")
  func cancellation() async throws {
    let agent = try FakeAgent()
    agent.fail("UPDATE", .stall)
    let start = try await withSession(agent: agent) { stage in
      try await stage.happens("subscribed")
      await stage.send("a", .running)
      try await eventually("an update on its way") { !agent.calls("UPDATE").isEmpty }
      return ContinuousClock.now
    }
    #expect(ContinuousClock.now - start < .seconds(30))
  }
}
