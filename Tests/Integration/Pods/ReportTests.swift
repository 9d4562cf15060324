import AgentStandIn
import Foundation
import TestSupport
import Testing

/// A report in a sandbox.
struct FoundReport {
  let object: [String: Any]
  let text: String

  /// Reads both files and validates the document against its schema.
  init(in sandbox: String, named name: String = "pod-report") throws {
    text = try String(contentsOfFile: "\(sandbox)/\(name).txt", encoding: .utf8)
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(sandbox)/\(name).json"))
    object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let problem = try JSONSchema(file: "docs/reference/report.schema.json").problem(of: object)
    #expect(problem == nil, "\(problem ?? "")")
    for line in text.split(separator: "\n") { #expect(line.unicodeScalars.count <= 80, "\(line)") }
  }

  var outcome: [String: Any] { object["outcome"] as? [String: Any] ?? [:] }
  var state: String? { outcome["state"] as? String }
  var phases: [String: [String: Any]] {
    Dictionary(
      (object["phases"] as? [[String: Any]] ?? []).map { ($0["phase"] as? String ?? "", $0) }
    ) { first, _ in first }
  }

  func container(_ name: String) throws -> [String: Any] {
    let all = object["containers"] as? [[String: Any]] ?? []
    return try #require(all.first { $0["name"] as? String == name }, "\(all)")
  }
}

/// One pod, and the expected contents of its report.
private struct ReportCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  var options: [String] = []
  let services: String
  var isKilled = false
  let state: String
  let cause: String
  var code: Int?
  var decider: String?
  /// Phases that the report must have.
  let phases: Set<String>
  /// Lines that the text must contain.
  var text: [String] = []
  /// The exit codes of containers.
  var codes: [String: Int] = [:]
  var optional: String?
}

private let image = "image: pod-test/busybox"

private let cases = [
  ReportCase(
    testDescription: "a job that finishes",
    services: "  job: {\(image), command: [sh, -c, 'echo done; sleep 1.2']}",
    state: "finished", cause: "completed", code: 0,
    phases: ["launch", "create", "start", "run", "stop", "remove"],
    text: ["ended      finished with exit code 0", "job"], codes: ["job": 0]),
  ReportCase(
    testDescription: "a job that fails beside a sidecar",
    services: """
        job: {\(image), command: [sh, -c, 'echo out; echo err >&2; sleep 1; exit 3'], x-pod: {role: main}}
        ship: {\(image), command: [sleep, '1000'], init: true, x-pod: {role: sidecar}}
      """,
    state: "failed", cause: "failure", code: 3, decider: "job",
    phases: ["launch", "create", "start", "run", "stop", "remove"],
    text: ["decided by service 'job'", "last output of job:", "  out", "  err"],
    codes: ["job": 3]),
  ReportCase(
    testDescription: "an optional service that fails",
    services: """
        job: {\(image), command: [sleep, '1.5']}
        extra: {\(image), command: [sh, -c, 'exit 5'], x-pod: {role: optional}}
      """,
    state: "finished", cause: "completed", code: 0, decider: "job",
    phases: ["launch", "run", "stop"], text: ["optional   service 'extra' exited with 5"],
    codes: ["job": 0, "extra": 5], optional: "service 'extra' exited with 5"),
  ReportCase(
    testDescription: "a service that is unhealthy",
    services: """
        web:
          \(image)
          command: [sleep, '1000']
          init: true
          healthcheck: {test: [CMD-SHELL, 'echo broken pipe; exit 1'], interval: 200ms, retries: 1, start_period: 0s}
      """,
    state: "failed", cause: "launch", decider: "web",
    phases: ["launch", "create", "start", "stop"],
    text: ["last health check (exit 1) of web:", "  broken pipe"]),
  ReportCase(
    testDescription: "a pod that is killed",
    services: "  web: {\(image), command: [sleep, '1000'], init: true}", isKilled: true,
    state: "killed", cause: "kill", phases: ["launch", "run", "stop", "remove"],
    text: ["ended      killed"]),
  ReportCase(
    testDescription: "an image that can't be had",
    services: "  web: {image: 'pod-test/nowhere:1', pull_policy: never}",
    state: "failed", cause: "launch", phases: ["launch", "stop"], text: ["because"]),
  ReportCase(
    testDescription: "a program that can't be started",
    services: "  web: {\(image), entrypoint: [/nowhere]}",
    state: "failed", cause: "launch", phases: ["launch", "create", "stop"]),
  ReportCase(
    testDescription: "a service that is restarted before it fails",
    services: "  web: {\(image), command: [sh, -c, 'exit 7'], restart: 'on-failure:2'}",
    state: "failed", cause: "failure", code: 7, decider: "web", phases: ["launch", "run", "stop"],
    codes: ["web": 7]),
  ReportCase(
    testDescription: "a service that its own memory limit ends",
    services: """
        web: {\(image), command: [sh, -c, 'sleep 1; head -c 200m /dev/zero | tail'], mem_limit: 16m, memswap_limit: 16m}
      """,
    state: "failed", cause: "memory", decider: "web", phases: ["launch", "run", "stop"]),
]

@Suite("The report of a pod", .needsEngine, .throttled)
struct ReportTests {
  @Test("has the plan, the times, the exits and the cause", arguments: cases)
  fileprivate func ends(_ one: ReportCase) async throws {
    let engine = try #require(TestEngine.all.first)
    try await withPod(
      on: engine, "services:\n\(one.services)\n", PodSettings(options: one.options)
    ) { pod in
      if one.isKilled {
        try await pod.running()
        pod.send(SIGTERM)
      }
      let end = try await pod.ended()
      let report = try FoundReport(in: pod.sandbox.path)
      #expect(report.state == one.state, "\(end)")
      let outcome = report.outcome
      #expect(outcome["cause"] as? String == one.cause, "\(outcome)")
      #expect(outcome["message"] as? String == end.message, "\(end)")
      if let code = one.code { #expect(outcome["exit_code"] as? Int == code, "\(outcome)") }
      if let decider = one.decider { #expect(outcome["decided_by"] as? String == decider) }
      #expect(one.phases.isSubset(of: report.phases.keys), "\(report.phases.keys)")
      for (name, phase) in report.phases { #expect(phase["seconds"] is Double, "\(name)") }
      for text in one.text { #expect(report.text.contains(text), "\(report.text)") }
      for (name, code) in one.codes {
        #expect(try report.container(name)["exit_code"] as? Int == code)
      }
      if let optional = one.optional {
        #expect((outcome["optional_failures"] as? [String])?.first?.contains(optional) == true)
      }
      #expect(report.object["task"] as? String == pod.task)
      if one.testDescription.contains("restarted") {
        #expect(try report.container("web")["restarts"] as? Int == 2)
      }
      if one.cause == "memory" {
        #expect(try report.container("web")["out_of_memory"] != nil)
      }
      if one.testDescription.contains("sidecar") { try checkUse(report) }
    }
  }

  /// The resource usage and the images; requires a container that ran for a second.
  private func checkUse(_ report: FoundReport) throws {
    let ship = try report.container("ship")
    #expect((ship["peak_memory"] as? Int ?? 0) > 10_000, "\(ship)")
    #expect(ship["cpu_seconds"] is Double, "\(ship)")
    #expect((ship["inspect"] as? [String: Any])?["State"] != nil, "\(ship)")
    let images = report.object["images"] as? [[String: Any]] ?? []
    #expect(images.contains { ($0["id"] as? String)?.hasPrefix("sha256:") == true }, "\(images)")
    let plan = report.object["plan"] as? [String: Any]
    let services = plan?["services"] as? [[String: Any]] ?? []
    #expect(services.map { $0["role"] as? String } == ["main", "sidecar"], "\(services)")
  }

  @Test("has no secret", arguments: TestEngine.all)
  func secrets(on engine: TestEngine) async throws {
    let secret = "hunter2-\(UUID().uuidString)"
    let compose = """
      services:
        web:
          \(image)
          command: [sh, -c, 'test -n "$$PASSWORD" -a -e /run/secrets/key; sleep 1; exit 3', '\(secret)']
          environment: {PASSWORD: '\(secret)', FROM_ENVIRONMENT: '${OUTER}'}
          labels: {token: '\(secret)'}
          secrets: [key]
          configs: [{source: conf, target: /conf}]
          logging: {driver: json-file, options: {env: '\(secret)'}}
          healthcheck: {test: [CMD, 'true', '\(secret)'], interval: 300ms}
          tmpfs: ['/scratch']
      secrets: {key: {file: ./key}}
      configs: {conf: {content: '\(secret)'}}
      volumes: {data: {labels: {token: '\(secret)'}}}
      """
    let auth = Data("user:\(secret)".utf8).base64EncodedString()
    let settings = PodSettings(
      environment: ["OUTER": secret, "DOCKER_AUTH_CONFIG": "{}"],
      files: [
        "key": secret,
        "config/config.json": "{\"auths\": {\"registry.example\": {\"auth\": \"\(auth)\"}}}",
      ])
    try await withPod(on: engine, compose, settings) { pod in
      let end = try await pod.ended()
      #expect(end.states.last == "TASK_FAILED", "\(end)")
      let report = try FoundReport(in: pod.sandbox.path)
      for suffix in ["json", "txt"] {
        let text = try String(
          contentsOfFile: pod.sandbox.path("pod-report.\(suffix)"), encoding: .utf8)
        #expect(!text.contains(secret) && !text.contains(auth), "\(suffix)")
      }
      let inspect = try report.container("web")["inspect"] as? [String: Any]
      let config = inspect?["Config"] as? [String: Any]
      #expect((config?["Env"] as? [String])?.contains("PASSWORD") == true, "\(config ?? [:])")
      #expect((config?["Labels"] as? [String])?.contains("token") == true)
    }
  }

  @Test("doesn't replace a task's own file of that name, nor follow a link")
  func planted() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withTemporaryDirectory { outside in
      let target = try outside.write("target", "untouched")
      let compose = """
        services:
          web:
            \(image)
            command: [sh, -c, 'echo mine > /box/pod-report.json; ln -s \(target) /box/pod-report.txt; exit 3']
            volumes: [".:/box"]
        """
      try await withPod(on: engine, compose) { pod in
        _ = try await pod.ended()
        #expect(
          try String(contentsOfFile: pod.sandbox.path("pod-report.json"), encoding: .utf8)
            == "mine\n")
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "untouched")
        #expect(
          try FoundReport(in: pod.sandbox.path, named: "pod-report.\(pod.task)").state == "failed")
      }
    }
  }

  @Test("is in a task's sandbox and owned by its user, also if the Compose file is invalid")
  func task() async throws {
    let host = try #require(MesosHost.all.first)
    try await withMesosPod(
      on: host, "services: {web: {\(image), command: [sh, -c, 'exit 4']}}"
    ) { pod in
      let update = try await pod.ended()
      // It exists when the framework receives the state.
      let report = try FoundReport(in: pod.run.sandbox)
      #expect(report.state == "failed" && update.state == "TASK_FAILED")
      #expect(report.object["framework"] as? String != nil)
      var (sandbox, file) = (stat(), stat())
      #expect(stat(pod.run.sandbox, &sandbox) == 0)
      #expect(lstat("\(pod.run.sandbox)/pod-report.json", &file) == 0)
      #expect(file.st_uid == sandbox.st_uid)
    }
    try await withMesosPod(on: host, "services: {web: {image: [}}") { pod in
      let update = try await pod.ended()
      let report = try FoundReport(in: pod.run.sandbox)
      #expect(update.state == "TASK_FAILED" && report.state == "failed")
      #expect(report.outcome["cause"] as? String == "launch")
      #expect(report.outcome["message"] as? String == update.message)
    }
  }
}
