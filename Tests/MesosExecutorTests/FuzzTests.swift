import Foundation
import HTTPClient
import TestSupport
import Testing

@testable import MesosExecutor

@Suite("Mutated input from an agent causes no trap", .timeLimit(.minutes(60)))
struct FuzzTests {
  private static let events = [
    """
    {"type":"SUBSCRIBED","subscribed":{"executor_info":{"executor_id":{"value":"e"},\
    "framework_id":{"value":"f"},"command":{"value":"x","shell":true},"resources":[{"name":"cpus",\
    "type":"SCALAR","scalar":{"value":0.1}}],"labels":{"labels":[{"key":"a","value":"b"}]}},\
    "framework_info":{"user":"root","name":"m","id":{"value":"f"},"capabilities":[\
    {"type":"TASK_KILLING_STATE"}]},"agent_info":{"id":{"value":"A"},"hostname":"h","port":5051},\
    "container_id":{"value":"5c1d6ff5-b2b1-4c6c-9a7b-3f2a7d0e9a11"}}}
    """,
    """
    {"type":"LAUNCH","launch":{"task":{"name":"n","task_id":{"value":"t"},"agent_id":{"value":"A"},\
    "resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":0.1},"role":"*"},{"name":"mem",\
    "type":"SCALAR","scalar":{"value":128.0}},{"name":"ports","type":"RANGES","ranges":{"range":\
    [{"begin":31000,"end":31005}]}},{"name":"gpus","scalar":{"value":1}}],"limits":{"mem":\
    {"value":128.0},"cpus":{"value":Infinity}},"kill_policy":{"grace_period":{"nanoseconds":\
    2500000000}},"health_check":{"type":"HTTP","delay_seconds":1.5,"interval_seconds":2,\
    "timeout_seconds":3,"consecutive_failures":4,"grace_period_seconds":300,"http":{"port":31890,\
    "path":"/h","scheme":"HTTPS","protocol":"IPv6","statuses":[200,204]}},"check":{"type":"TCP",\
    "tcp":{"port":80},"interval_seconds":1e9},"discovery":{"visibility":"CLUSTER","name":"web",\
    "ports":{"ports":[{"number":31890,"name":"http","protocol":"tcp"}]}},"data":"aGk=",\
    "labels":{"labels":[{"key":"fileName","value":"a.yml"}]}}}}
    """,
    """
    {"type":"LAUNCH_GROUP","launch_group":{"task_group":{"tasks":[{"name":"n","task_id":\
    {"value":"t"},"agent_id":{"value":"A"},"check":{"type":"COMMAND","command":{"command":\
    {"value":"true","shell":false,"arguments":["a"]}}}}]}}}
    """,
    """
    {"type":"KILL","kill":{"task_id":{"value":"t"},"kill_policy":{"grace_period":\
    {"nanoseconds":9223372036854775807}}}}
    """,
    #"{"type":"ACKNOWLEDGED","acknowledged":{"task_id":{"value":"t"},"uuid":"AAAAAAAAAAAAAAAAAAAAAA=="}}"#,
    #"{"type":"MESSAGE","message":{"data":"aGk="}}"#, #"{"type":"ERROR","error":{"message":"no"}}"#,
    #"{"type":"SHUTDOWN"}"#, #"{"type":"HEARTBEAT"}"#,
  ].map { Array($0.utf8) }

  private static let words = [
    "LAUNCH", "SUBSCRIBED", "KILL", "\"value\"", "-Infinity", "1e13", "{\"value\":-1}", "task_id",
    "grace_period", "HTTP", "ranges",
  ]

  @Test("events are parsed or refused, and parsed events can be used")
  func events() async {
    let report = await Fuzz.drive(
      "agent events", Self.events, words: Self.words,
      isOwn: { $0 is DecodingError || $0 is UnusableSubscription }
    ) { bytes, _ in
      switch try AgentEvent(json: bytes) {
      case .launch(let task): try use([task])
      case .launchGroup(let tasks): try use(tasks)
      case .kill(_, let policy): _ = policy?.gracePeriod.map { ContinuousClock.now + $0 }
      case .subscribed(let subscription): _ = subscription.problemOfRun
      default: break
      }
      return true
    }
    #expect(report.isSound, "\(report)")
  }

  /// Uses a task as the executor does, and encodes it, since updates repeat parts of it.
  private func use(_ tasks: [AgentEvent.LaunchedTask]) throws {
    for case .task(let task) in tasks {
      _ = task.resources.flatMap(\.ranges).map { $0.clamped(to: 1...65_535).count }
      if let grace = task.killPolicy?.gracePeriod { _ = ContinuousClock.now + grace }
      for time in [
        task.healthCheck?.delay, task.healthCheck?.timeout, task.healthCheck?.gracePeriod,
        task.healthCheck?.interval, task.check?.interval, task.check?.timeout,
      ].compactMap({ $0 }) { _ = (ContinuousClock.now + time * 2, "\(time)") }
      let encoder = JSONEncoder()
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
      _ = try encoder.encode(task)
    }
  }

  @Test("a stream of records is split or refused, wherever it is cut")
  func records() async {
    let corpus = Self.events.map { Array("\($0.count)\n".utf8) + $0 + Array("2\n{}0\n".utf8) }
    let report = await Fuzz.drive(
      "RecordIO", corpus, words: ["16777216\n", "16777217\n", "1\n", "00000000000000000001\n"],
      isOwn: { $0 is RecordIODecoder.Malformed }
    ) { bytes, random in
      var decoder = RecordIODecoder()
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = rest.prefix(Int.random(in: 1...200, using: &random))
        rest = rest.dropFirst(piece.count)
        for record in try decoder.decode(piece) { _ = try? AgentEvent(json: record) }
      }
      return decoder.isBetweenRecords
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("variables of the agent are parsed or refused")
  func environment() async {
    let values = [
      "MESOS_FRAMEWORK_ID=f", "MESOS_EXECUTOR_ID=e", "MESOS_SLAVE_ID=s", "MESOS_DIRECTORY=/a/b",
      "MESOS_SLAVE_PID=slave(1)@127.0.0.1:5051", "MESOS_AGENT_ENDPOINT=[fd00::1]:5051",
      "MESOS_CHECKPOINT=1", "MESOS_RECOVERY_TIMEOUT=15mins", "MESOS_SUBSCRIPTION_BACKOFF_MAX=2secs",
      "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD=5.5secs",
    ].joined(separator: "\n")
    let report = await Fuzz.drive(
      "MESOS_ variables", texts: [values], words: ["weeks", "ns", "@", "]:", "e9", "...", "secs"],
      isOwn: { $0 is MesosEnvironmentError }
    ) { text in
      var variables: [String: String] = [:]
      for line in text.split(separator: "\n") {
        let pair = line.split(separator: "=", maxSplits: 1)
        if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
      }
      let mesos = try MesosEnvironment(variables, nameOfAddress: { _ in nil })
      _ = (mesos.recoveryTimeout * 2, mesos.shutdownGracePeriod * 0.4, mesos.run)
      return true
    }
    #expect(report.isSound, "\(report)")
  }
}
