import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("A health check of a task", .needsEngine, .throttled)
struct MesosHealthTests {
  /// The kind of the check.
  enum Kind { case command, http, tcp, https }

  /// Serves on the host's own port until the test writes `sick`: docker-proxy would accept
  /// connections for a stopped server.
  private static let server = """
    services:
      web:
        image: pod-test/busybox
        network_mode: host
        command:
          - sh
          - -c
          - 'echo well > /tmp/index.html; httpd -f -p 127.0.0.1:${PORT} -h /tmp & until [ -e /box/sick ]; do
            sleep 0.05; done; kill $$!; exec sleep 100000'
        volumes: [".:/box"]
        stop_signal: SIGKILL
    """

  private func check(_ kind: Kind, port: Int, failures: Int) -> JSON {
    var check: JSON =
      switch kind {
      case .command: TaskDescription.mesosCommandCheck("test ! -e sick")
      case .http: TaskDescription.mesosHTTPCheck(port: port)
      case .https:
        ["type": "HTTP", "http": ["scheme": "https", "port": .integer(Int64(port)), "path": "/"]]
      case .tcp: ["type": "TCP", "tcp": ["port": .integer(Int64(port))]]
      }
    check["delay_seconds"] = 0.0
    check["interval_seconds"] = 0.1
    check["timeout_seconds"] = 5.0
    check["grace_period_seconds"] = 20.0
    check["consecutive_failures"] = .integer(Int64(failures))
    return check
  }

  private func settings(_ kind: Kind, failures: Int) throws -> MesosSettings {
    let port = try FreePorts.take(1)[0]
    var settings = MesosSettings()
    settings.task = { [check = check(kind, port: port, failures: failures)] task in
      task.ports = [port]
      task.environment = ["PORT": "\(port)"]
      task.healthCheck = check
      task.labels.append(("pod.check_service", "/sandbox"))
    }
    return settings
  }

  /// docs/health-checks.md; src/checks/health_checker.cpp, `HealthChecker::processCheckResult`.
  @Test(
    "reports each change of health, and fails the task after the configured failures",
    arguments: MesosHost.both, [.command, .http, .tcp] as [Kind])
  func given(on host: MesosHost, up kind: Kind) async throws {
    try await withMesosPod(on: host, Self.server, try settings(kind, failures: 3)) { pod in
      try await pod.agent.update("TASK_RUNNING", of: pod.task) { $0.healthy == true }
      try pod.write("sick")
      try await pod.agent.update("TASK_RUNNING", of: pod.task) { $0.healthy == false }
      let end = try await pod.ended()
      #expect(end.state == "TASK_FAILED")
      #expect(end.message?.contains("health check failed") == true, "\(end)")
      // Each change is reported once, not each check.
      #expect(pod.agent.updates(of: pod.task).map(\.healthy) == [nil, nil, true, false, false])
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// src/checks/health_checker.cpp, `HealthChecker::failure`.
  @Test("that fails immediately fails the task with one update", arguments: MesosHost.linux)
  func once(on host: MesosHost) async throws {
    try await withMesosPod(on: host, Self.server, try settings(.command, failures: 1)) { pod in
      try await pod.agent.update("TASK_RUNNING", of: pod.task) { $0.healthy == true }
      try pod.write("sick")
      #expect(try await pod.ended().state == "TASK_FAILED")
      #expect(pod.agent.updates(of: pod.task).map(\.healthy) == [nil, nil, true, false, false])
    }
  }

  /// A server with its own certificate, using the host's openssl and its libraries.
  private static func secureServer() async throws -> String {
    let openssl = try await Command("which", ["openssl"]).output()
    let libraries = try await Command("ldd", [openssl]).output()
      .matches(of: /(\/\S+) \(/).map { String($0.1) }
    let mounts = ([openssl] + libraries).map { "\"\($0):\($0):ro\"" }
    return """
      services:
        web:
          image: pod-test/busybox
          command:
            - sh
            - -c
            - '\(openssl) s_server -www -quiet -accept 443 -cert /box/server.pem -key /box/server-key.pem &
              until [ -e /box/sick ]; do sleep 0.05; done; kill $$!; exec sleep 100000'
          ports: ["443:443"]
          volumes: [".:/box", \(mounts.joined(separator: ", "))]
          stop_signal: SIGKILL
      """
  }

  /// docs/health-checks.md, "HTTP(S) Health Checks": the certificate is not verified.
  @Test("uses TLS, whichever authority signed the pod's certificate", arguments: MesosHost.both)
  func secure(on host: MesosHost) async throws {
    let file = try await Self.secureServer()
    try await withTemporaryDirectory { directory in
      try await Certificates.make(in: directory.path)
      var settings = try settings(.https, failures: 3)
      for name in ["server.pem", "server-key.pem"] {
        settings.files[name] = try String(contentsOfFile: directory.path(name), encoding: .utf8)
      }
      try await withMesosPod(on: host, file, settings) { pod in
        try await pod.agent.update("TASK_RUNNING", of: pod.task) { $0.healthy == true }
        try pod.write("sick")
        try await pod.agent.update("TASK_RUNNING", of: pod.task) { $0.healthy == false }
        #expect(try await pod.ended().state == "TASK_FAILED")
        #expect(pod.agent.updates(of: pod.task).map(\.healthy) == [nil, nil, true, false, false])
      }
    }
  }

  /// docs/health-checks.md, "Anatomy of a Check".
  @Test("of the kind `check` reports results and never fails the task", arguments: MesosHost.linux)
  func check(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.task = {
      $0.labels.append(("pod.check_service", "/sandbox"))
      $0.check = [
        "type": "COMMAND", "interval_seconds": 0.1, "delay_seconds": 0.0,
        "command": ["command": ["shell": true, "value": "test ! -e sick"]],
      ]
    }
    try await withMesosPod(on: host, obedient, settings) { pod in
      func result(_ code: Int64) async throws {
        try await pod.agent.update("TASK_RUNNING", of: pod.task) {
          $0.status["check_status"]?["command"]?["exit_code"]?.integer == code
        }
      }
      try await result(0)
      try pod.write("sick")
      try await result(1)
      try pod.write("stop", "0")
      #expect(try await pod.ended().state == "TASK_FINISHED")
    }
  }

  /// docs/health-checks.md: a check that takes longer than its timeout is killed.
  @Test("that hangs is killed with all of its processes, while the task continues")
  func hangs() async throws {
    let host = try #require(MesosHost.linux.first)
    var settings = MesosSettings()
    settings.task = {
      $0.labels.append(("pod.check_service", "/sandbox"))
      $0.check = [
        "type": "COMMAND", "interval_seconds": 100.0, "delay_seconds": 0.0, "timeout_seconds": 3.0,
        "command": [
          "command": ["shell": true, "value": "sleep 97532.25 & sleep 97532.25"]
        ],
      ]
    }
    try await withMesosPod(on: host, obedient, settings) { pod in
      let find = Command("pgrep", ["-f", "sleep 97532.2[5]"])
      try await eventually("the check") { try await find.run().status == .exited(0) }
      try await eventually("its end") { try await find.run().status == .exited(1) }
      try pod.write("stop", "0")
      #expect(try await pod.ended().state == "TASK_FINISHED")
    }
  }
}
