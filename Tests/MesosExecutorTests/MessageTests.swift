import JSON
import Testing

@testable import MesosExecutor

/// include/mesos/v1/mesos.proto from 1.0 to the master branch of 2024, in the JSON of agents.
@Suite("Messages")
struct MessageTests {
  func task(_ fields: String) throws -> TaskInfo {
    let json = """
      {"type":"LAUNCH","launch":{"task":{"name":"n","task_id":{"value":"t"},\
      "agent_id":{"value":"A"},\(fields)}}}
      """
    guard case .launch(.task(let task)) = try AgentEvent(json: Array(json.utf8)) else {
      throw Unexpected(json: json)
    }
    return task
  }

  struct Unexpected: Error { let json: String }

  @Test("a task from Marathon is decoded, with its ports in order")
  func marathon() throws {
    let task = try task(
      """
      "resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":0.1},"role":"*",\
      "allocation_info":{"role":"prod"}},{"name":"ports","type":"RANGES","ranges":{"range":\
      [{"begin":31890,"end":31890},{"begin":31000,"end":31001}]},"role":"*"},\
      {"name":"disks","type":"SET","set":{"item":["a","b"]}},\
      {"name":"x","type":"NEW","text":{"value":"?"}}],\
      "executor":{"executor_id":{"value":"marathon-t"},"framework_id":{"value":"F"},\
      "command":{"value":"exec","environment":{"variables":[{"name":"PORT0","value":"31890"},\
      {"name":"SECRET","type":"SECRET","secret":{"type":"VALUE"}}]},\
      "uris":[{"value":"http://x/y","extract":true,"cache":false,"output_file":"z"}]},\
      "labels":{"labels":[{"key":"fileName","value":"a.yml"}]}},"data":"aGk=",\
      "labels":{"labels":[{"key":"a","value":"1"},{"key":"b"}]},\
      "discovery":{"visibility":"CLUSTER","name":"web","ports":{"ports":\
      [{"number":31890,"name":"http","protocol":"tcp","labels":{}}]}},\
      "health_check":{"type":"HTTP","delay_seconds":1.5,"interval_seconds":2,"timeout_seconds":3,\
      "consecutive_failures":4,"grace_period_seconds":300,"http":{"port":31890,"path":"/h",\
      "scheme":"HTTPS","protocol":"IPv4","statuses":[200,204]}},\
      "check":{"type":"COMMAND","command":{"command":{"value":"true"}}},\
      "kill_policy":{"grace_period":{"nanoseconds":2500000000}},\
      "container":{"type":"MESOS","linux_info":{}},"max_completion_time":{"nanoseconds":1},\
      "limits":{"mem":{"value":128.0},"cpus":{"value":Infinity}},"new":[{"a":-Infinity}]
      """)
    #expect(task.resources.map(\.name) == ["cpus", "ports", "disks", "x"])
    #expect(task.resources[0].scalar == 0.1 && task.resources[0].role == "prod")
    #expect(task.resources[1].ranges == [31890...31890, 31000...31001])
    #expect(task.resources[2].set == ["a", "b"] && task.resources[2].role == "*")
    #expect(task.executor?.command?.environment.map(\.value) == ["31890", nil])
    #expect(task.executor?.command?.uris.first?.outputFile == "z")
    #expect(task.executor?.labels == [Label(key: "fileName", value: "a.yml")])
    #expect(task.data == Base64Bytes(Array("hi".utf8)))
    #expect(task.labels == [Label(key: "a", value: "1"), Label(key: "b")])
    #expect(task.discovery?.ports == [.init(number: 31890, name: "http", protocol: "tcp")])
    let health = try #require(task.healthCheck)
    #expect(
      health.probe
        == .http(HTTPTarget(scheme: "https", port: 31890, path: "/h"), statuses: [200, 204]))
    #expect(health.delay == .milliseconds(1500) && health.gracePeriod == .seconds(300))
    #expect(health.consecutiveFailures == 4)
    #expect(task.check?.probe == .command(CommandInfo(value: "true")))
    #expect(task.check?.interval == .seconds(10))
    #expect(task.killPolicy?.gracePeriod == .milliseconds(2500))
    #expect(task.limits == ["mem": 128, "cpus": .infinity])
  }

  @Test("64-bit integers are exact, and may have other notations")
  func numbers() throws {
    let task = try task(
      """
      "resources":[{"name":"r","type":"RANGES","ranges":{"range":\
      [{"begin":18446744073709551614,"end":18446744073709551615},{"begin":"7","end":8.0},\
      {"begin":9,"end":8}]}}],\
      "kill_policy":{"grace_period":{"nanoseconds":"9007199254740993"}}
      """)
    #expect(task.resources[0].ranges == [UInt64.max - 1...UInt64.max, 7...8])
    #expect(task.killPolicy?.gracePeriod == .nanoseconds(9_007_199_254_740_993))
  }

  @Test("health checks may have no type, an unknown type, or huge values")
  func healthChecks() throws {
    let old = try task("\"health_check\":{\"http\":{\"port\":80}}").healthCheck
    #expect(old?.probe == .http(HTTPTarget(port: 80), statuses: []))
    #expect(old?.delay == .seconds(15) && old?.timeout == .seconds(20))
    #expect(old?.consecutiveFailures == 3)
    let command = try task("\"health_check\":{\"command\":{\"value\":\"x\"}}").healthCheck
    #expect(command?.probe == .command(CommandInfo(value: "x")))
    let tcp = try task("\"health_check\":{\"type\":\"TCP\",\"tcp\":{\"port\":5}}").healthCheck
    #expect(tcp?.probe == .tcp(port: 5, isIPv6: false))
    let new = try task("\"health_check\":{\"type\":\"GRPC\",\"delay_seconds\":1e300}").healthCheck
    #expect(new?.probe == nil && new?.delay == .seconds(1e9))
    let never = try task("\"health_check\":{\"type\":\"TCP\",\"interval_seconds\":Infinity}")
    #expect(never.healthCheck?.interval == .seconds(1e9))
  }

  @Test("encoded values are decoded unchanged")
  func roundTrip() throws {
    let all = TaskInfo(
      name: "n", taskID: "t", agentID: "A",
      resources: [
        Resource(name: "ports", type: .ranges, ranges: [1...2], role: "r"),
        Resource(name: "cpus", type: .scalar, scalar: 1.5),
        Resource(name: "disk", type: .scalar, scalar: 64, isVolume: true),
        Resource(name: "s", type: .set, set: ["a"]),
      ],
      executor: ExecutorInfo(
        executorID: "E", frameworkID: "F", name: "x",
        command: CommandInfo(
          value: "c", arguments: ["a"], isShell: false,
          environment: [.init(name: "N", value: "v")], uris: [.init(value: "u")], user: "root"),
        labels: [Label(key: "k")]),
      data: Base64Bytes([1, 2]), labels: [Label(key: "k", value: "v")],
      discovery: DiscoveryInfo(name: "d", ports: [.init(number: 1)]),
      healthCheck: HealthCheck(
        probe: .http(HTTPTarget(port: 1), statuses: [200]), delay: .seconds(1)),
      check: CheckInfo(probe: .tcp(port: 2, isIPv6: true)),
      killPolicy: KillPolicy(gracePeriod: .milliseconds(1500)), limits: ["cpus": 2])
    let json = try JSONEncoder().encode(all)
    #expect(try JSONDecoder().decode(TaskInfo.self, from: json) == all)
    for status in [CheckStatus.tcp(succeeded: nil), .command(exitCode: 1), .http(statusCode: 9)] {
      let json = try JSONEncoder().encode(status)
      #expect(try JSONDecoder().decode(CheckStatus.self, from: json) == status)
    }
  }

  @Test("infinite numbers are put in quotes, but not inside strings")
  func infinity() {
    func quoted(_ text: String) -> String {
      String(decoding: quotingNonFiniteNumbers(Array(text.utf8)), as: UTF8.self)
    }
    #expect(quoted("[Infinity,-Infinity,NaN,-1]") == "[\"Infinity\",\"-Infinity\",\"NaN\",-1]")
    for text in [
      "{\"Infinity\":\"NaN \\\" Infinity\"}", "\"\\\\\"", "\"\\", "", "[null,-", "\"Inf",
    ] {
      #expect(quoted(text) == text)
    }
  }

  @Test("the states, and all reasons except two, are those of Mesos 1.0")
  func knownNames() {
    // include/mesos/v1/mesos.proto of 1.0.0: TaskState without TASK_STAGING; TaskStatus.Reason.
    let states = """
      TASK_STARTING TASK_RUNNING TASK_KILLING TASK_FINISHED TASK_FAILED TASK_KILLED TASK_LOST TASK_ERROR
      """
    let reasons = """
      COMMAND_EXECUTOR_FAILED CONTAINER_LAUNCH_FAILED CONTAINER_LIMITATION CONTAINER_LIMITATION_DISK \
      CONTAINER_LIMITATION_MEMORY CONTAINER_PREEMPTED CONTAINER_UPDATE_FAILED \
      EXECUTOR_REGISTRATION_TIMEOUT EXECUTOR_REREGISTRATION_TIMEOUT EXECUTOR_TERMINATED \
      EXECUTOR_UNREGISTERED FRAMEWORK_REMOVED GC_ERROR INVALID_FRAMEWORKID INVALID_OFFERS \
      MASTER_DISCONNECTED RECONCILIATION RESOURCES_UNKNOWN AGENT_DISCONNECTED AGENT_REMOVED \
      AGENT_RESTARTED AGENT_UNKNOWN TASK_INVALID TASK_UNAUTHORIZED TASK_UNKNOWN
      """
    let known = Set(reasons.split(separator: " ").map { "REASON_\($0)" })
    #expect(TaskState.allCases.map(\.rawValue) == states.split(separator: " ").map(String.init))
    let old = TaskReason.allCases.filter(\.isKnownToAll)
    #expect(known.isSuperset(of: old.map(\.rawValue)) && old.count + 2 == TaskReason.allCases.count)
    #expect(known.count == 25)
  }

  @Test("SUBSCRIBED of an old and of a new agent is decoded")
  func subscribed() throws {
    func said(_ framework: String, _ more: String) throws -> Subscription? {
      let json = """
        {"type":"SUBSCRIBED","subscribed":{"executor_info":{"executor_id":{"value":"E"},\
        "type":"FUTURE","source":"x"},"framework_info":{\(framework)},\
        "agent_info":{"hostname":"h","port":5051,"attributes":[{"name":"a","type":"TEXT"}],\
        "id":{"value":"A"}}\(more)}}
        """
      guard case .subscribed(let said) = try AgentEvent(json: Array(json.utf8)) else { return nil }
      return said
    }
    let old = try #require(try said("\"user\":\"u\",\"name\":\"f\"", ""))
    #expect(old.run == nil && old.framework?.capabilities == [] && old.framework?.id == nil)
    let new = try #require(
      try said(
        "\"name\":\"f\",\"capabilities\":[{\"type\":\"TASK_KILLING_STATE\"},{\"type\":\"ODD\"},{}]",
        ",\"container_id\":{\"value\":\"R\",\"parent\":{\"value\":\"P\"}}"))
    #expect(
      new.run == "R" && new.framework?.capabilities == [.taskKillingState, .init(rawValue: "ODD")])
    #expect(new.agent == AgentInfo(id: "A", hostname: "h"))
  }

  @Test("a label that isn't UTF-8 is repaired, since agents pass it on")
  func latin1() throws {
    let text = """
      {"type":"LAUNCH","launch":{"task":{"name":"n","task_id":{"value":"t"},\
      "agent_id":{"value":"A"},"labels":{"labels":[{"key":"a","value":"caf#"}]}}}}
      """
    let bytes = text.utf8.map { $0 == UInt8(ascii: "#") ? 0xE9 : $0 }
    guard case .launch(.task(let task)) = try AgentEvent(json: bytes) else {
      throw Unexpected(json: text)
    }
    #expect(task.labels == [Label(key: "a", value: "caf\u{FFFD}")])
  }

  @Test(
    "a SUBSCRIBED without optional parts is accepted",
    arguments: [
      "{}", #"{"executor_info":{}}"#, #"{"framework_info":5,"agent_info":{"id":{"value":"A"}}}"#,
      #"{"container_id":{"value":"R"}}"#, #"{"container_id":[]}"#,
    ])
  func sparseSubscribed(json: String) throws {
    let event = try AgentEvent(json: Array(#"{"type":"SUBSCRIBED","subscribed":\#(json)}"#.utf8))
    guard case .subscribed(let said) = event else { throw Unexpected(json: json) }
    #expect(said.executor == nil && said.framework == nil && said.agent == nil)
    #expect(said.run == (json.contains("R\"") ? "R" : nil))
  }

  @Test("an empty SUBSCRIBED is unusable", arguments: [#""subscribed":5"#, #""x":1"#])
  func unusableSubscribed(json: String) {
    #expect(throws: UnusableSubscription.self) {
      try AgentEvent(json: Array(#"{"type":"SUBSCRIBED",\#(json)}"#.utf8))
    }
  }

  @Test(
    "a KILL with a malformed policy is still a KILL",
    arguments: [#""x""#, #"{"grace_period":5}"#, #"{"grace_period":{"nanoseconds":1e30}}"#, "[]"])
  func killPolicy(json: String) throws {
    let text = #"{"type":"KILL","kill":{"task_id":{"value":"t"},"kill_policy":\#(json)}}"#
    guard case .kill("t", nil) = try AgentEvent(json: Array(text.utf8)) else {
      throw Unexpected(json: text)
    }
  }
}
