import Foundation
import TestSupport
import Testing

/// A role, an exit of its service, its restart policy, and the expected result of the pod.
private struct RoleEnd: CustomTestStringConvertible, Sendable {
  enum End: String, CaseIterable { case zero, three, signal, memory, unhealthy }
  enum Policy: String, CaseIterable { case no, onFailure = "on-failure:1", always }

  let role: String
  let end: End
  let policy: Policy

  var testDescription: String { "\(role), \(end), \(policy.rawValue)" }

  /// Every valid combination: an init service has to complete, and a final one has no policy.
  static let all = ["main", "sidecar", "optional", "init", "final"].flatMap { role in
    End.allCases.flatMap { end in
      Policy.allCases.map { RoleEnd(role: role, end: end, policy: $0) }
    }
  }.filter { row in
    switch row.role {
    case "init": row.policy != .always
    case "final": row.policy == .no
    default: true
    }
  }

  /// The number of starts until the exit counts; nil if the service restarts without limit.
  var starts: Int? {
    switch (end, policy) {
    // Another option sets the reaction to these: `fail` is its default.
    case (.memory, _), (.unhealthy, _): 1
    case (.zero, .always), (.three, .always), (.signal, .always): nil
    case (.three, .onFailure), (.signal, .onFailure): 2
    default: 1
    }
  }

  var fails: Bool { end != .zero }

  /// The exit code of the process, if it exits by itself.
  var code: Int32 {
    switch end {
    case .zero: 0
    case .three: 3
    case .signal, .memory: 137
    case .unhealthy: 1
    }
  }

  /// The message's description of the exit.
  var words: String {
    switch end {
    case .zero: "service 'x' exited with 0"
    case .three: "service 'x' exited with 3"
    case .signal: "service 'x' was killed by SIGKILL"
    case .memory: "service 'x' was killed for memory"
    case .unhealthy: "service 'x' is unhealthy"
    }
  }

  struct Outcome {
    var state: String
    var exit: Int32
    var message: String
  }

  /// The expected result of the pod.
  var outcome: Outcome {
    let done = Outcome(state: "TASK_FINISHED", exit: 0, message: "service 'job' exited with 0")
    switch role {
    case "main":
      if starts == nil { return Outcome(state: "TASK_KILLED", exit: 130, message: "") }
      return Outcome(state: fails ? "TASK_FAILED" : "TASK_FINISHED", exit: code, message: words)
    case "sidecar" where fails && starts != nil, "init" where fails:
      return Outcome(state: "TASK_FAILED", exit: 1, message: words)
    default: return done
    }
  }

  /// Whether the last failure of the tested service is reported while the pod is running.
  var isReported: Bool { role == "optional" && fails && starts != nil }

  /// The main service besides the tested one. It continues after the last start of the tested
  /// service, or after three, and after the report of a failure (`go`). A failure that fails the
  /// pod stops it.
  private var job: String {
    let waiting = starts == nil ? "sleep 3" : "until [ -e /marks/go ]; do sleep 0.05; done"
    let rest = fails ? waiting : "sleep 0.5"
    return switch role {
    case "final", "init": "true"
    default:
      "until [ $$(cat /marks/starts 2>/dev/null | wc -l) -ge \(starts ?? 3) ]; do sleep 0.05; done; \(rest)"
    }
  }

  private var script: String {
    let last =
      switch end {
      case .zero: "exit 0"
      case .three: "exit 3"
      case .signal: "kill -9 $$$$"
      // The engine needs a moment to detect an out-of-memory kill.
      case .memory: "sleep 0.5; tail /dev/zero"
      case .unhealthy: "sleep 1000"
      }
    return "echo start >> /marks/starts; " + last
  }

  var file: String {
    func service(_ name: String, _ script: String, _ keys: [String]) -> String {
      "  \(name):\n"
        + ([
          "image: pod-test/busybox", "init: true", "stop_grace_period: 5s",
          "volumes: [\"./marks:/marks\"]", "command: [sh, -c, \"\(script)\"]",
        ] + keys).map { "    \($0)\n" }.joined()
    }
    var keys = ["x-pod: {role: \(role)}"]
    if policy != .no { keys.append("restart: \(policy.rawValue)") }
    if end == .memory { keys.append("mem_limit: 8m") }
    if end == .unhealthy {
      keys.append(
        "healthcheck: {test: [CMD, 'false'], interval: 200ms, retries: 2, start_period: 0s}")
    }
    // Records its stop signal.
    let server =
      "trap 'echo other >> /marks/order; exit 0' TERM; while :; do sleep 0.05; done"
    let others =
      role == "main"
      ? service("other", server, ["x-pod: {role: sidecar}"])
      : service("job", job, []) + service("other", server, ["x-pod: {role: sidecar}"])
    return "services:\n" + service("x", script, keys) + others
  }
}

@Suite("Roles, exits and restart policies", .needsEngine, .throttled)
struct RoleMatrixTests {
  @Test("together decide state, exit code, message, report and stops", arguments: RoleEnd.all)
  fileprivate func decides(_ row: RoleEnd) async throws {
    let engine = try #require(TestEngine.all.first)
    guard row.end != .memory || engine.has("memory") else { return }
    let settings = PodSettings(
      options: ["--final-timeout", "20s"], files: ["marks/.keep": ""])
    try await withPod(on: engine, row.file, settings) { pod in
      func lines(_ file: String) -> Int {
        let text = try? String(contentsOfFile: pod.sandbox.path("marks/\(file)"), encoding: .utf8)
        return (text ?? "").split(separator: "\n").count
      }
      if row.role == "main", row.starts == nil {
        try await eventually("three starts") { lines("starts") >= 3 }
        pod.send(SIGTERM)
      }
      if row.isReported {
        try await pod.executor.line(containing: "it is optional", in: .stderr)
        try pod.sandbox.write("marks/go", "")
      }
      let end = try await pod.ended()
      let outcome = row.outcome
      #expect(end.states.last == outcome.state, "\(end)")
      #expect(end.status == .exited(outcome.exit), "\(end)")
      #expect(outcome.message.isEmpty || end.message.contains(outcome.message), "\(end)")
      if let starts = row.starts { #expect(lines("starts") == starts, "\(end)") }
      // If an init service fails, no other service was started.
      let isAlone = row.role == "init" && row.fails
      #expect(lines("order") == (isAlone ? 0 : 1), "\(end)")
      let report = try FoundReport(in: pod.sandbox.path)
      #expect("TASK_\(report.state?.uppercased() ?? "")" == outcome.state, "\(report.text)")
      #expect(report.outcome["message"] as? String == end.message, "\(report.text)")
      if row.role == "main", row.starts != nil, row.end != .unhealthy {
        #expect(report.outcome["exit_code"] as? Int == Int(row.code), "\(report.text)")
      }
      let x = try report.container("x")
      #expect(x["role"] as? String == row.role, "\(x)")
      let restarts = x["restarts"] as? Int
      #expect(row.starts.map { restarts == $0 - 1 } ?? (restarts ?? 0 >= 1), "\(x)")
      if row.role == "optional" || row.role == "final", row.fails, row.starts != nil {
        #expect(end.stderr.contains { $0.contains("'x'") && $0.contains("warning") }, "\(end)")
        #expect(report.outcome["optional_failures"] != nil, "\(report.text)")
      }
    }
  }
}
