import HTTPClient
import MesosExecutor
import Testing

/// `executorEnvironment` in the agent's slave.cpp; docs/executor-http-api.md,
/// "Executor Environment Variables".
@Suite("Environment")
struct EnvironmentTests {
  static let run = "0b1c9e8e-5b5c-4a57-9d3c-3f9d1d3a3c11"
  let minimal = [
    "MESOS_FRAMEWORK_ID": "F", "MESOS_EXECUTOR_ID": "E", "MESOS_SLAVE_ID": "A",
    "MESOS_DIRECTORY": "/var/lib/mesos/slaves/A/frameworks/F/executors/E/runs/\(run)",
    "MESOS_SLAVE_PID": "slave(1)@10.0.0.1:5051", "MESOS_AGENT_ENDPOINT": "10.0.0.1:5051",
  ]

  func parsed(_ more: [String: String]) throws -> MesosEnvironment {
    try MesosEnvironment(minimal.merging(more) { $1 }) { $0 == "10.0.0.1" ? "a.example" : nil }
  }

  func problems(_ more: [String: String]) -> [String] {
    do throws(MesosEnvironmentError) {
      _ = try MesosEnvironment(minimal.merging(more) { $1 }) { _ in nil }
      return []
    } catch {
      return error.problems
    }
  }

  @Test("the agent's required variables are sufficient, and the others have the agent's defaults")
  func defaults() throws {
    let environment = try parsed([:])
    #expect(environment.endpoint == HTTPEndpoint(transport: .tcp(host: "10.0.0.1", port: 5051)))
    #expect(environment.path == "/api/v1/executor")
    #expect(environment.run == ContainerID(Self.run))
    #expect(environment.sandbox == environment.directory)
    #expect(!environment.isCheckpointing && environment.authenticationToken == nil)
    #expect(environment.recoveryTimeout == .seconds(900))
    #expect(environment.subscriptionBackoffMaximum == .seconds(2))
    #expect(environment.shutdownGracePeriod == .seconds(5))
  }

  @Test("the agent's variables are used")
  func everything() throws {
    let environment = try parsed([
      "MESOS_SANDBOX": "/mnt/mesos/sandbox", "MESOS_CHECKPOINT": "1",
      "MESOS_RECOVERY_TIMEOUT": "1.5hrs", "MESOS_SUBSCRIPTION_BACKOFF_MAX": "250ms",
      "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "3mins",
      "MESOS_EXECUTOR_AUTHENTICATION_TOKEN": "x.y.z",
    ])
    #expect(environment.sandbox == "/mnt/mesos/sandbox" && environment.isCheckpointing)
    #expect(environment.run == ContainerID(Self.run))
    #expect(environment.recoveryTimeout == .seconds(5400))
    #expect(environment.subscriptionBackoffMaximum == .milliseconds(250))
    #expect(environment.shutdownGracePeriod == .seconds(180))
    #expect(environment.authenticationToken == "x.y.z")
  }

  @Test("a domain socket takes precedence, with the agent's libprocess name in the path")
  func domainSocket() throws {
    let environment = try parsed([
      "MESOS_DOMAIN_SOCKET": "/var/run/mesos/agent.sock", "LIBPROCESS_SSL_ENABLED": "1",
    ])
    #expect(
      environment.endpoint == HTTPEndpoint(transport: .unix(path: "/var/run/mesos/agent.sock")))
    #expect(environment.path == "/slave(1)/api/v1/executor")
  }

  @Test("without an endpoint the PID has the address, and IPv6 is supported")
  func otherAddresses() throws {
    let pid = try parsed(["MESOS_AGENT_ENDPOINT": ""])
    #expect(pid.endpoint == HTTPEndpoint(transport: .tcp(host: "10.0.0.1", port: 5051)))
    let six = try parsed(["MESOS_AGENT_ENDPOINT": "[fd00::1]:5051"])
    #expect(six.endpoint == HTTPEndpoint(transport: .tcp(host: "fd00::1", port: 5051)))
  }

  @Test("TLS follows libprocess: one variable enables it, others verify, also under old names")
  func tls() throws {
    let plain = try parsed(["SSL_ENABLED": "true", "SSL_CERT_FILE": "c", "SSL_KEY_FILE": "k"])
    #expect(
      plain.endpoint
        == HTTPEndpoint(
          transport: .tcp(host: "10.0.0.1", port: 5051),
          tls: TLSFiles(certificate: "c", key: "k", verifiesServer: false)))
    for name in ["VERIFY_CERT", "VERIFY_SERVER_CERT", "REQUIRE_CERT"] {
      let strict = try parsed([
        "LIBPROCESS_SSL_ENABLED": "1", "LIBPROCESS_SSL_\(name)": "true",
        "LIBPROCESS_SSL_CA_FILE": "ca", "SSL_CA_FILE": "old",
      ])
      #expect(
        strict.endpoint
          == HTTPEndpoint(
            transport: .tcp(host: "a.example", port: 5051), tls: TLSFiles(authorities: "ca")))
    }
    let address = try parsed([
      "LIBPROCESS_SSL_ENABLED": "1", "LIBPROCESS_SSL_VERIFY_CERT": "1",
      "LIBPROCESS_SSL_VERIFY_IPADD": "1",
    ])
    #expect(address.endpoint.transport == .tcp(host: "10.0.0.1", port: 5051))
    #expect(try parsed(["SSL_ENABLED": "1", "LIBPROCESS_SSL_ENABLED": "0"]).endpoint.tls == nil)
  }

  @Test("each missing or malformed variable has its own line")
  func allProblems() {
    let none = #expect(throws: MesosEnvironmentError.self) { _ = try MesosEnvironment([:]) }
    #expect(
      none?.problems == [
        "MESOS_FRAMEWORK_ID is not set", "MESOS_EXECUTOR_ID is not set",
        "MESOS_SLAVE_ID is not set", "MESOS_DIRECTORY is not set",
        "MESOS_AGENT_ENDPOINT is not set",
      ])
    let found = problems([
      "MESOS_RECOVERY_TIMEOUT": "15 minutes", "MESOS_CHECKPOINT": "yes",
      "MESOS_AGENT_ENDPOINT": "10.0.0.1", "MESOS_EXECUTOR_ID": "",
    ])
    #expect(found.count == 4)
    #expect(found.contains { $0.hasPrefix("MESOS_RECOVERY_TIMEOUT is “15 minutes”: not a time") })
    #expect(found.contains("MESOS_CHECKPOINT is “yes”: not one of 1, true, 0, false"))
    #expect(found.contains("MESOS_AGENT_ENDPOINT is “10.0.0.1”: not an address and a port"))
    #expect(problems(["MESOS_DOMAIN_SOCKET": "/s", "MESOS_SLAVE_PID": "x"]).count == 1)
    let long = String(repeating: "s", count: 108)
    #expect(problems(["MESOS_DOMAIN_SOCKET": long]).first?.contains("107") == true)
    #expect(
      problems([
        "LIBPROCESS_SSL_ENABLED": "1", "LIBPROCESS_SSL_VERIFY_CERT": "1",
        "LIBPROCESS_SSL_CA_DIR": "/ca",
      ]).count == 1)
  }

  @Test(
    "durations of Mesos are parsed",
    arguments: [
      ("15mins", Duration.seconds(900)), ("2secs", .seconds(2)), ("0ns", .zero),
      ("250ms", .milliseconds(250)), ("1.5secs", .milliseconds(1500)),
      (".5secs", .milliseconds(500)),
      ("3us", .microseconds(3)), ("7ns", .nanoseconds(7)), ("2hrs", .seconds(7200)),
      ("1days", .seconds(86400)), ("2weeks", .seconds(1_209_600)),
    ])
  func durations(text: String, value: Duration) throws {
    let difference = try #require(Duration(mesos: text)) - value
    #expect(difference < .nanoseconds(1) && difference > .nanoseconds(-1))
  }

  @Test(
    "other durations are refused",
    arguments: [
      "", "5", "secs", "5 secs", "-5secs", "5s", "1.2.3secs", ".secs", "1e3secs", "99999weeks",
      "5SECS", "٥secs", "nansecs",
    ])
  func notDurations(text: String) {
    #expect(Duration(mesos: text) == nil)
  }

  @Test("the name of an address comes from the system, and an invalid address has none")
  func names() {
    #expect(hostName(of: "127.0.0.1") != nil)
    #expect(hostName(of: "no address") == nil)
  }
}
