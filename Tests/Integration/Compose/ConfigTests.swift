import Foundation
import TestSupport
import Testing

@Suite("config", .needsEngine, .throttled)
struct ConfigTests {
  private static let file = """
    services:
      web:
        image: pod-test/busybox
        command: ["sleep", "1000"]
        environment: {PORT: "$PORT0"}
        ports: ["8080:80", "8443:443/tcp"]
        depends_on: [store]
        mem_limit: 32m
      store:
        image: founding/base
        volumes: [kept:/kept]
    volumes: {kept: {}}
    """

  /// The parts of a request, or of an inspection, that are in a contract.
  private struct Contract: Equatable {
    /// In bytes; not compared.
    let memory: Int
    let labels: [String: String]
    let environment: [String]
    let ports: [String: [String]]
    let binds: [String]
    let network: String
    let restart: String
    let log: [String: String]

    static func == (left: Contract, right: Contract) -> Bool {
      left.labels == right.labels && left.environment == right.environment
        && left.ports == right.ports && left.binds == right.binds && left.network == right.network
        && left.restart == right.restart && left.log == right.log
    }

    init(config: [String: Any], host: [String: Any]) {
      labels = (config["Labels"] as? [String: String] ?? [:]).filter {
        // Labels of the executor's own process and of an image differ between pods.
        !$0.key.hasPrefix("mesos.executor.") && !$0.key.hasPrefix("pod-test.")
      }
      environment = (config["Env"] as? [String] ?? []).filter { !$0.hasPrefix("PATH=") }
      let bindings = host["PortBindings"] as? [String: [[String: String]]] ?? [:]
      ports = bindings.mapValues { $0.compactMap { $0["HostPort"] } }
      memory = host["Memory"] as? Int ?? 0
      binds = (host["Mounts"] as? [[String: Any]] ?? []).compactMap { $0["Source"] as? String }
      network = host["NetworkMode"] as? String ?? ""
      restart = (host["RestartPolicy"] as? [String: Any])?["Name"] as? String ?? ""
      log = (host["LogConfig"] as? [String: Any])?["Config"] as? [String: String] ?? [:]
    }
  }

  @Test("--pod prints the requests of run, and creates no object", arguments: TestEngine.all)
  func pod(on engine: TestEngine) async throws {
    let ports = try FreePorts.take(2)
    let run = UUID().uuidString.lowercased()
    let settings = PodSettings(ports: ports, task: "printed", run: run)
    try await withPod(on: engine, Self.file, settings) { pod in
      let printed = try await Command(
        BuiltProgram.composeExecutor,
        [
          "config", "--pod", "-f", "compose.yaml", "--run-id", run, "--task-id", "printed",
          "--ports", ports.map(String.init).joined(separator: ","),
        ],
        environment: ["DOCKER_HOST": engine.dockerHost], directory: pod.sandbox.path
      ).output()
      let plan = try #require(
        JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [String: Any])
      let containers = try #require(plan["containers"] as? [[String: Any]])
      #expect(containers.count == 2)
      try await pod.running()
      for container in containers {
        let name = try #require(container["name"] as? String)
        let request = try #require(container["create"] as? [String: Any])
        let inspected = try await engine.docker("inspect", name).output()
        let real = try #require(
          (JSONSerialization.jsonObject(with: Data(inspected.utf8)) as? [[String: Any]])?.first)
        let created = Contract(
          config: real["Config"] as? [String: Any] ?? [:],
          host: real["HostConfig"] as? [String: Any] ?? [:])
        let requested = Contract(
          config: request, host: request["HostConfig"] as? [String: Any] ?? [:])
        #expect(requested == created, "\(name)")
        // A host whose cgroup v2 has no memory controller ignores the limit, with a warning.
        if engine.cgroups == .v1 { #expect(requested.memory == created.memory, "\(name)") }
        #expect(requested.labels["mesos.task_id"] == "printed")
      }
      // It created no second pod of the same name, and used no object of the first.
      #expect(try await pod.services() == ["store", "web"])
    }
  }

  @Test("--pod refuses the same files as run, with the location")
  func refused() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withTemporaryDirectory { directory in
      try directory.write("compose.yaml", Self.file)
      let result = try await Command(
        BuiltProgram.composeExecutor, ["config", "--pod", "--ports", "31000"],
        environment: ["DOCKER_HOST": engine.dockerHost], directory: directory.path
      ).run()
      #expect(result.status == .exited(1))
      #expect(result.stdout.isEmpty)
      #expect(
        result.stderr.prefixMatch(of: /compose-executor: compose\.yaml:6:\d+: .*1 was offered/)
          != nil, "\(result.stderr)")
    }
  }

  @Test("names are colored only on a terminal")
  func color() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web: {image: pod-test/busybox, command: [echo, one]}
        job: {image: pod-test/busybox, command: [echo, two]}
      """
    let plain = try await podEnd(on: engine, file)
    #expect(plain.status == .exited(0), "\(plain)")
    #expect(!(plain.stdout + plain.stderr).contains { $0.contains("\u{1b}") }, "\(plain)")
    let shown = try await podEnd(
      on: engine, file,
      PodSettings(
        environment: ["NO_COLOR": "", "TERM": "xterm"],
        shell: "exec script -qec \"$*\" /dev/null"))
    #expect(shown.status == .exited(0), "\(shown)")
    for (service, word) in [("web", "one"), ("job", "two")] {
      let pattern = try Regex("\u{1b}\\[[0-9]+m\(service) \\|\u{1b}\\[0m \(word)\r\n")
      // A terminal's newline is two bytes, which are one character in Swift.
      let text = shown.stdout.joined(separator: "\n")
      #expect(text.firstMatch(of: pattern) != nil, "\(shown)")
    }
  }
}
