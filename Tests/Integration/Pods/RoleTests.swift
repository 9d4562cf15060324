import Foundation
import TestSupport
import Testing

/// One pod whose services have roles, and its expected result.
private struct RoleCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  var options: [String] = []
  /// Service, role (nil: none in the file), command, further keys.
  let services: [(name: String, role: String?, script: String, keys: String)]
  let state: String
  let code: Int32
  let message: String
  /// The lines that the services write to `marks/order` when they exit.
  var order: [String]?
  var warning: String?

  var file: String {
    "services:\n"
      + services.map { service in
        """
          \(service.name):
            image: pod-test/busybox
            stop_grace_period: 5s
            command: [sh, -c, "\(service.script)"]
            volumes: ["./marks:/marks"]
        \(service.role.map { "    x-pod: {role: \($0)}\n" } ?? "")\(service.keys.isEmpty ? "" : "    \(service.keys)\n")
        """
      }.joined()
  }
}

/// Runs until it is stopped, and records that.
private func server(_ name: String) -> String {
  "trap 'echo \(name) >> /marks/order; exit 0' TERM; touch /marks/\(name).up; echo up; "
    + "while :; do sleep 0.05; done"
}

/// Continues after others can be stopped, or after the test allows it (`go`).
private func after(_ names: String...) -> String {
  names.map { "until [ -e /marks/\($0) ]; do sleep 0.05; done; " }.joined()
}

/// Is unhealthy as soon as a file exists.
private func unhealthy(after file: String) -> String {
  "healthcheck: {test: [CMD, test, '!', -e, /marks/\(file)], interval: 200ms, retries: 1, start_period: 0s}"
}

/// Is neither healthy nor unhealthy.
private let neverHealthy =
  "healthcheck: {test: [CMD, 'false'], interval: 200ms, retries: 100000, start_period: 0s}"

private let cases = [
  RoleCase(
    testDescription: "a job with a log shipper",
    services: [
      ("job", "main", after("ship.up") + "echo job >> /marks/order", ""),
      ("ship", "sidecar", server("ship"), "depends_on: [job]"),
    ],
    state: "TASK_FINISHED", code: 0, message: "service 'job' exited with 0", order: ["job", "ship"]),
  RoleCase(
    testDescription: "a job that fails beside a sidecar",
    services: [
      ("job", nil, after("ship.up") + "exit 3", ""), ("ship", "sidecar", server("ship"), ""),
    ],
    state: "TASK_FAILED", code: 3, message: "service 'job' exited with 3", order: ["ship"]),
  RoleCase(
    testDescription: "a job that a signal ends",
    services: [
      ("job", nil, "sleep 0.5; kill -9 $$$$", "init: true"),
      ("ship", "sidecar", server("ship"), ""),
    ],
    state: "TASK_FAILED", code: 137, message: "service 'job' was killed by SIGKILL (137)"),
  RoleCase(
    testDescription: "a sidecar that fails",
    services: [
      ("job", nil, server("job"), ""), ("ship", "sidecar", after("job.up") + "exit 4", ""),
    ],
    state: "TASK_FAILED", code: 1, message: "service 'ship' exited with 4", order: ["job"]),
  RoleCase(
    testDescription: "a sidecar that exits early with 0",
    services: [("job", nil, "sleep 1.5", ""), ("ship", "sidecar", "true", "")],
    state: "TASK_FINISHED", code: 0, message: "service 'job' exited with 0"),
  RoleCase(
    testDescription: "a sidecar that always restarts",
    services: [("job", nil, "sleep 1", ""), ("ship", "sidecar", "sleep 0.1", "restart: always")],
    state: "TASK_FINISHED", code: 0, message: "service 'job' exited with 0"),
  RoleCase(
    testDescription: "an optional service that fails",
    services: [("job", nil, after("go"), ""), ("extra", "optional", "exit 5", "")],
    state: "TASK_FINISHED", code: 0, message: "service 'job' exited with 0",
    warning: "service 'extra' exited with 5: it is optional"),
  RoleCase(
    testDescription: "an optional service that can't be started",
    services: [
      ("job", nil, after("go"), ""), ("extra", "optional", "true", "entrypoint: [/nowhere]"),
    ],
    state: "TASK_FINISHED", code: 0, message: "service 'job' exited with 0",
    warning: "service 'extra' can't be started"),
  RoleCase(
    testDescription: "an optional service that is unhealthy",
    services: [
      ("job", nil, after("go"), ""),
      ("extra", "optional", server("extra"), unhealthy(after: "extra.up")),
    ],
    state: "TASK_FINISHED", code: 0, message: "service 'job' exited with 0", order: ["extra"],
    warning: "service 'extra' is unhealthy"),
  RoleCase(
    testDescription: "a sidecar that is unhealthy",
    services: [
      ("job", nil, server("job"), ""),
      ("ship", "sidecar", after("job.up") + server("ship"), unhealthy(after: "ship.up")),
    ],
    state: "TASK_FAILED", code: 1, message: "service 'ship' is unhealthy", order: ["job", "ship"]),
  RoleCase(
    testDescription: "a job that is done before its sidecar is healthy",
    services: [
      ("job", nil, after("ship.up"), ""),
      ("ship", "sidecar", server("ship"), neverHealthy),
      ("upload", "final", "echo $$POD_STATE >> /marks/order", ""),
    ],
    state: "TASK_FINISHED", code: 0, message: "service 'job' exited with 0",
    order: ["ship", "TASK_FINISHED"]),
  RoleCase(
    testDescription: "the first of two main services decides before the other is healthy",
    options: ["--mains", "any"],
    services: [("one", nil, after("two.up"), ""), ("two", nil, server("two"), neverHealthy)],
    state: "TASK_FINISHED", code: 0, message: "service 'one' exited with 0", order: ["two"]),
  RoleCase(
    testDescription: "the first of two main services decides", options: ["--mains", "any"],
    services: [("one", nil, after("two.up"), ""), ("two", nil, server("two"), "")],
    state: "TASK_FINISHED", code: 0, message: "service 'one' exited with 0", order: ["two"]),
  RoleCase(
    testDescription: "the last of two main services decides",
    services: [
      ("one", nil, "sleep 0.3", ""),
      ("two", nil, after("ship.up") + "sleep 1; echo two >> /marks/order", ""),
      ("ship", "sidecar", server("ship"), ""),
    ],
    state: "TASK_FINISHED", code: 0, message: "all main services exited with 0",
    order: ["two", "ship"]),
  RoleCase(
    testDescription: "roles by the option, which is stronger than the file",
    options: ["--roles", "job=main,ship=sidecar"],
    services: [("job", "optional", after("ship.up"), ""), ("ship", "main", server("ship"), "")],
    state: "TASK_FINISHED", code: 0, message: "service 'job' exited with 0", order: ["ship"]),
  RoleCase(
    testDescription: "the service of --exit-code-from", options: ["--exit-code-from", "job"],
    services: [("job", nil, after("db.up") + "exit 9", ""), ("db", nil, server("db"), "")],
    state: "TASK_FAILED", code: 9, message: "service 'job' exited with 9", order: ["db"]),
  RoleCase(
    testDescription: "an init service completes first",
    services: [
      ("job", nil, "cat /marks/ready >> /marks/order", ""),
      ("prepare", "init", "sleep 0.5; echo prepared > /marks/ready", ""),
    ],
    state: "TASK_FINISHED", code: 0, message: "service 'job' exited with 0", order: ["prepared"]),
  RoleCase(
    testDescription: "an init service that needs another",
    services: [
      ("db", "sidecar", server("db"), "healthcheck: {test: [CMD, 'true'], interval: 200ms}"),
      (
        "prepare", "init", "echo prepared >> /marks/order",
        "depends_on: {db: {condition: service_healthy}}"
      ),
      ("job", nil, after("db.up") + "echo job >> /marks/order", ""),
    ],
    state: "TASK_FINISHED", code: 0, message: "service 'job' exited with 0",
    order: ["prepared", "job", "db"]),
  RoleCase(
    testDescription: "an init service that fails",
    services: [("job", nil, "echo job >> /marks/order", ""), ("prepare", "init", "exit 6", "")],
    state: "TASK_FAILED", code: 1, message: "service 'prepare' exited with 6", order: []),
  RoleCase(
    testDescription: "a final service after a success",
    services: [
      ("job", nil, after("ship.up") + "echo job >> /marks/order", ""),
      ("ship", "sidecar", server("ship"), ""),
      ("upload", "final", "echo $$POD_STATE $$POD_EXIT_CODE >> /marks/order", ""),
    ],
    state: "TASK_FINISHED", code: 0, message: "service 'job' exited with 0",
    order: ["job", "ship", "TASK_FINISHED 0"]),
  RoleCase(
    testDescription: "a final service after a failure, which fails too",
    services: [
      ("job", nil, "sleep 0.5; exit 3", ""),
      ("upload", "final", "echo $$POD_STATE $$POD_EXIT_CODE >> /marks/order; exit 8", ""),
    ],
    state: "TASK_FAILED", code: 3, message: "service 'job' exited with 3",
    order: ["TASK_FAILED 3"], warning: "service 'upload', which is final, exited with 8"),
  RoleCase(
    testDescription: "a final service that takes too long", options: ["--final-timeout", "20s"],
    services: [("job", nil, "true", ""), ("upload", "final", "sleep 1000", "")],
    state: "TASK_FINISHED", code: 0, message: "service 'job' exited with 0",
    warning: "has not exited in time"),
  RoleCase(
    testDescription: "a final service that takes too long is gone when the next begins",
    options: ["--final-timeout", "20s"],
    services: [
      ("job", nil, "true", ""),
      ("one", "final", "while :; do date +%s%N > /marks/one; sleep 0.01; done", "init: true"),
      (
        "two", "final",
        "cp /marks/one /marks/before; sleep 0.5; cmp /marks/one /marks/before && echo gone >> /marks/order",
        ""
      ),
    ],
    state: "TASK_FINISHED", code: 0, message: "service 'job' exited with 0", order: ["gone"],
    warning: "service 'one', which is final, has not exited in time"),
]

@Suite("The roles of services", .needsEngine, .throttled)
struct RoleTests {
  private func marks(of pod: RunningPod) -> [String] {
    let text = try? String(contentsOfFile: pod.sandbox.path("marks/order"), encoding: .utf8)
    return (text ?? "").split(separator: "\n").map(String.init)
  }

  @Test("decide the result and the stop order", arguments: cases, [[], ["--share", "net"]])
  fileprivate func ends(_ role: RoleCase, share: [String]) async throws {
    let engine = try #require(TestEngine.all.first)
    let settings = PodSettings(options: role.options + share, files: ["marks/.keep": ""])
    try await withPod(on: engine, role.file, settings) { pod in
      if role.file.contains("/marks/go ") {
        try await pod.executor.line(containing: try #require(role.warning), in: .stderr)
        try pod.sandbox.write("marks/go", "")
      }
      let end = try await pod.ended()
      #expect(end.states.last == role.state && end.status == .exited(role.code), "\(end)")
      #expect(end.message.contains(role.message), "\(end)")
      if let order = role.order {
        #expect(marks(of: pod) == order, "\(end)")
      }
      if let warning = role.warning {
        #expect(end.stderr.contains { $0.contains(warning) }, "\(end)")
      }
    }
  }

  @Test("give a final service no more than its grace after a kill")
  func killedAtLast() async throws {
    let engine = try #require(TestEngine.all.first)
    let role = RoleCase(
      testDescription: "",
      services: [
        ("job", nil, "true", ""), ("upload", "final", "touch /marks/upload.up; sleep 1000", ""),
      ], state: "TASK_FINISHED", code: 0, message: "")
    let settings = PodSettings(
      options: ["--grace", "2s", "--final-timeout", "10m"], files: ["marks/.keep": ""])
    try await withPod(on: engine, role.file, settings) { pod in
      try await eventually("the final service") {
        FileManager.default.fileExists(atPath: pod.sandbox.path("marks/upload.up"))
      }
      let told = ContinuousClock.now
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(0) && end.states.last == "TASK_FINISHED", "\(end)")
      #expect(ContinuousClock.now - told >= .seconds(2), "\(end)")
    }
  }

  @Test("give each final service its share of the grace after a kill")
  func killedFinals() async throws {
    let engine = try #require(TestEngine.all.first)
    let role = RoleCase(
      testDescription: "",
      services: [
        ("web", nil, server("web"), ""),
        ("stuck", "final", "echo stuck >> /marks/order; sleep 1000", ""),
        ("upload", "final", "echo $$POD_STATE >> /marks/order", ""),
      ], state: "TASK_KILLED", code: 130, message: "")
    let settings = PodSettings(options: ["--grace", "12s"], files: ["marks/.keep": ""])
    // The last service has two seconds, which a stall of the machine can exceed, but not each time.
    var lines: [String] = []
    for _ in 0..<3 where lines.count < 3 {
      lines = try await withPod(on: engine, role.file, settings) { pod in
        try await pod.running()
        try await pod.says("up", service: "web")
        pod.send(SIGTERM)
        let end = try await pod.ended()
        let written = marks(of: pod)
        if written.count == 3 {
          #expect(
            end.stderr.contains { $0.contains("'stuck', which is final, has not exited") },
            "\(end)")
        }
        return written
      }
    }
    #expect(lines == ["web", "stuck", "TASK_KILLED"])
  }

  @Test(
    "stop sidecars after all others, the last one first, and then run a final service",
    arguments: [[], ["--share", "net,pid"]])
  func killed(share: [String]) async throws {
    let engine = try #require(TestEngine.all.first)
    let role = RoleCase(
      testDescription: "",
      services: [
        ("a", "sidecar", server("a"), ""), ("b", "sidecar", server("b"), ""),
        ("web", nil, server("web"), ""), ("extra", "optional", server("extra"), ""),
        ("upload", "final", "echo $$POD_STATE >> /marks/order", ""),
      ], state: "TASK_KILLED", code: 130, message: "")
    let settings = PodSettings(
      options: ["--grace", "40s"] + share, files: ["marks/.keep": ""])
    try await withPod(on: engine, role.file, settings) { pod in
      try await pod.running()
      for name in ["a", "b", "web", "extra"] { try await pod.says("up", service: name) }
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130), "\(end)")
      let lines = marks(of: pod)
      #expect(Set(lines.prefix(2)) == ["web", "extra"], "\(lines)")
      #expect(Array(lines.dropFirst(2)) == ["b", "a", "TASK_KILLED"], "\(lines)")
    }
  }
}
