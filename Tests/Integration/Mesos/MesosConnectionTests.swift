import AgentStandIn
import Foundation
import TestSupport
import Testing

/// docs/executor-http-api.md, "Executor Environment Variables"; src/executor/executor.cpp,
/// `MesosProcess`.
@Suite("The executor's connection to its agent", .needsEngine, .throttled)
struct MesosConnectionTests {
  /// A pod that writes the values of the agent's secret that it can read.
  private static let curious = """
    services:
      web:
        image: pod-test/busybox
        command:
          - sh
          - -c
          - 'env > /box/seen; echo "token ${MESOS_EXECUTOR_AUTHENTICATION_TOKEN-none}" >> /box/seen;
            until [ -s /box/stop ]; do sleep 0.05; done; exit $$(cat /box/stop)'
        stop_signal: SIGKILL
        volumes: [".:/box"]
    """

  /// Expects RUNNING, a return of the agent, and the terminal state.
  private func expectLife(of pod: MesosPod) async throws {
    try await pod.running()
    pod.agent.crash()
    try pod.agent.restart()
    try await eventually("the end of recovery", within: .seconds(300)) { pod.agent.isRunning }
    try pod.write("stop", "0")
    try await pod.ended()
    #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
    #expect(try await pod.exited() == .exited(0))
  }

  @Test("only uses the domain socket if there is one", arguments: MesosHost.both)
  func domainSocket(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.agent = { $0.domainSocket = "\($0.workDirectory)/agent.sock" }
    // No process listens there: a connection attempt fails.
    settings.environment["MESOS_AGENT_ENDPOINT"] = "127.0.0.1:1"
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await expectLife(of: pod)
      #expect(pod.agent.calls.count >= 5)
      #expect(pod.agent.calls.allSatisfy { $0.isOverDomainSocket })
    }
  }

  @Test("has the agent's token, which its pod can't read", arguments: MesosHost.both)
  func token(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.agent = { $0.authenticatesExecutors = true }
    try await withMesosPod(on: host, Self.curious, settings) { pod in
      // The agent records every call without a valid token as a violation.
      try await expectLife(of: pod)
      let seen = pod.run.text("seen")
      #expect(seen.contains("token none\n") && !seen.contains("standin."))
    }
  }

  @Test("is abandoned at once if the agent rejects the token", arguments: MesosHost.linux)
  func wrongToken(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.agent = { $0.authenticatesExecutors = true }
    settings.environment["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"] = "a.wrong.one"
    settings.mayViolate = { $0.rule.contains("jwt_authenticator") }
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.exited()
      #expect(pod.run.status == .exited(1))
      #expect(pod.agent.calls.map(\.status) == [401])
      #expect(pod.run.text("stderr").contains("does not accept the executor's token"))
      #expect(try await pod.containers() == [])
    }
  }

  @Test("is abandoned, with the pod, if the agent keeps responding 401", arguments: MesosHost.both)
  func revokedToken(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.agent = {
      $0.authenticatesExecutors = true
      $0.recoveryTimeout = .seconds(3)
    }
    settings.mayViolate = { $0.rule.contains("jwt_authenticator") }
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.running()
      pod.agent.crash()
      pod.agent.revokeTokens()
      try pod.agent.restart()
      #expect(try await pod.exited() == .exited(1))
      #expect(pod.agent.calls.last?.status == 401)
      #expect(try await pod.containers() == [])
      // The executor's own update was never accepted: the agent reports the terminal state.
      #expect(try await pod.ended().source == "SOURCE_AGENT")
    }
  }

  /// A TLS server in front of the agent, which requires a client certificate too; libprocess' names
  /// of its settings (docs/ssl.md), with a prefix.
  private func withTLS(
    _ prefix: String, trusting authority: String = "ca.pem",
    _ body: (MesosSettings) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      chmod(directory.path, 0o755)
      try await Certificates.make(in: directory.path)
      for name in ["key.pem", "cert.pem"] { chmod(directory.path(name), 0o644) }
      let port = try FreePorts.take(1)[0]
      try await EngineProxy.with(tcp: port, certificates: directory.path) { proxy in
        var settings = MesosSettings()
        settings.agent = { $0.port = UInt16(port) }
        settings.environment = [
          "MESOS_AGENT_ENDPOINT": "127.0.0.1:\(proxy.port)", "\(prefix)ENABLED": "true",
          "\(prefix)CERT_FILE": directory.path("cert.pem"),
          "\(prefix)KEY_FILE": directory.path("key.pem"),
          "\(prefix)CA_FILE": directory.path(authority), "\(prefix)VERIFY_CERT": "1",
          "\(prefix)VERIFY_IPADD": "true",
        ]
        try await body(settings)
      }
    }
  }

  /// Root with the old names of the settings, ordinary users with the new ones.
  static let namesOfTLS =
    MesosHost.linux.map { ($0, "SSL_") } + MesosHost.ordinary.map { ($0, "LIBPROCESS_SSL_") }

  @Test(
    "uses TLS if libprocess does, with the new and the old setting names", arguments: namesOfTLS)
  func tls(on host: MesosHost, prefix: String) async throws {
    try await withTLS(prefix) { settings in
      try await withMesosPod(on: host, obedient, settings) { try await expectLife(of: $0) }
    }
  }

  @Test("uses TLS with randomness from /dev/urandom: Linux 3.10", arguments: MesosHost.linux)
  func oldTLS(on host: MesosHost) async throws {
    try await withTLS("LIBPROCESS_SSL_") { settings in
      var settings = settings
      settings.task = { $0.command = "exec \(OldLinux.executor.joined(separator: " "))" }
      try await withMesosPod(on: host, obedient, settings) { try await expectLife(of: $0) }
    }
  }

  @Test("is abandoned if no known authority has signed the agent's certificate")
  func foreignTLS() async throws {
    let host = try #require(MesosHost.linux.first)
    // The client's own certificate is not the authority.
    try await withTLS("LIBPROCESS_SSL_", trusting: "cert.pem") { settings in
      var settings = settings
      let port = settings.agent
      settings.agent = {
        port(&$0)
        $0.recoveryTimeout = .seconds(2)
      }
      try await withMesosPod(on: host, obedient, settings) { pod in
        try await pod.exited()
        #expect(pod.run.status == .exited(1))
        #expect(pod.agent.calls.isEmpty)
        #expect(pod.run.text("stderr").contains("certificate"))
      }
    }
  }
}
