import Foundation
import TestSupport
import Testing

@Suite("The sample with a terminal", .needsEngine, .throttled)
struct TerminalTests {
  private let engine: TestEngine

  init() throws { engine = try #require(TestEngine.all.first) }

  private func settings(_ ports: [Int], hash: String = "") -> PodSettings {
    PodSettings(
      ports: ports, options: ["--share", "net,pid"],
      environment: ["TERMINAL_PASSWORD_HASH": hash, "TERMINAL_USER": "operator"])
  }

  /// The password that the terminal has generated.
  private func password(of pod: RunningPod) async throws -> String {
    let line = try await eventually("the password") {
      pod.output(of: "terminal").first { $0.hasPrefix("log in as operator with the password ") }
    }
    return String(try #require(line.split(separator: " ").last))
  }

  @Test("shows other processes and ports with the right password, and grants no root access")
  func shell() async throws {
    let ports = try FreePorts.take(2)
    try await Sample.terminal.run(on: engine, settings(ports)) { pod in
      let told = try await pod.running()
      #expect(
        told.hasSuffix(
          "web:8080/tcp on host port \(ports[0]), terminal:4200/tcp on host port \(ports[1])"))
      let password = try await password(of: pod)
      #expect(password.count == 20)
      try await TerminalSession.logIn(
        at: ports[1], as: "operator", with: password, until: "~ $ "
      ) { terminal in
        let processes = try await terminal.type(
          "ps; echo all-$((6 * 7))\r", until: "all-42", "/pause", "httpd -f -p 8080")
        #expect(processes.contains("redis-server"), "\(processes)")
        try await terminal.type(
          "netstat -ltn; echo all-$((6 * 8))\r", until: "all-48", ":8080 ", ":6379 ", ":4200 ")
        try await terminal.type("id\r", until: "uid=4200(operator) gid=4200(operator)")
        try await terminal.type("su\r", until: "su: must be suid")
        try await terminal.type(
          "cat /proc/1/environ /etc/shadow\r", until: "/proc/1/environ': Permission denied",
          "/etc/shadow': Permission denied")
        #expect(!terminal.screen.contains(password))
      }
    }
  }

  @Test("accepts the password of a given hash, prints none, and refuses others")
  func hash() async throws {
    let ports = try FreePorts.take(2)
    let hash = try await Command("openssl", ["passwd", "-6", "-stdin"], input: "a long one\n")
      .output()
    try await Sample.terminal.run(on: engine, settings(ports, hash: hash)) { pod in
      try await pod.running()
      #expect(pod.output(of: "terminal").allSatisfy { !$0.contains("password") })
      for (user, password, response) in [
        ("root", "", "Login incorrect"), ("operator", "another", "Login incorrect"),
        ("operator", "a long one", "~ $ "),
      ] {
        try await TerminalSession.logIn(
          at: ports[1], as: user, with: password, until: response)
      }
      let plain = try await Command(
        "curl", ["-s", "--noproxy", "*", "-m", "5", "http://127.0.0.1:\(ports[1])/"]
      ).run()
      #expect(!plain.stdout.contains("<script"))
    }
  }
}
