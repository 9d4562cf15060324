import Foundation
import TestSupport
import Testing

/// A page that counts in redis; both services publish a port.
let sharedShop = """
  services:
    web:
      image: founding/redis
      command:
        - sh
        - -c
        - 'until redis-cli -h redis ping; do sleep 0.1; done;
          echo served > /tmp/index.html; trap "exit 0" TERM; httpd -f -p 80 -h /tmp & wait'
      ports: ["80:80"]
      depends_on: [redis]
    redis:
      image: founding/redis
      ports: ["6379:6379"]
  """

@Suite("One network namespace for all services", .needsEngine, .throttled)
struct SharedNetworkTests {
  private let net = ["--share", "net", "--grace", "1s"]

  @Test("connects a web service to redis by name, with both ports", arguments: TestEngine.all)
  func names(on engine: TestEngine) async throws {
    let ports = try FreePorts.take(2)
    try await withPod(on: engine, sharedShop, PodSettings(ports: ports, options: net)) { pod in
      #expect(
        try await pod.running()
          == "every service is up; web:80/tcp on host port \(ports[0]), "
          + "redis:6379/tcp on host port \(ports[1])")
      try await pod.says("PONG", service: "web")
      #expect(try await page(at: ports[0]) == "served\n")
      #expect(try await pod.services() == ["infra", "redis", "web"])
      #expect(try await pod.networks().isEmpty)
      let infra = try #require(try await pod.containers()["infra"])
      #expect(infra.Config.Labels["mesos.task_id"] == pod.task)
      #expect(infra.HostConfig.CgroupParent == "/compose-pods/\(pod.run)")
      // It isn't a service: Compose doesn't list it.
      let listed = try await Command(
        ProcessInfo.processInfo.environment["COMPOSE5"] ?? "docker-compose",
        ["-p", "\(pod.task)-\(pod.run.prefix(8))", "ps", "--format", "{{.Service}} {{.State}}"],
        environment: ["DOCKER_HOST": engine.dockerHost], directory: "/"
      ).output()
      #expect(Set(listed.split(separator: "\n")) == ["web running", "redis running"])
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130) && end.message == "killed by SIGTERM", "\(end)")
    }
  }

  @Test("doesn't keep the pod running: it finishes with its services")
  func finished() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        one: {image: pod-test/busybox, command: ["true"]}
        two: {image: pod-test/busybox, command: [sleep, "0.3"]}
      """
    let end = try await podEnd(on: engine, file, PodSettings(options: net))
    #expect(end.status == .exited(0), "\(end)")
    #expect(end.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
    #expect(end.stdout.count == 3 && end.stdout[0].hasSuffix("2 services"), "\(end)")
  }

  @Test("fails the pod if the infrastructure container exits", arguments: TestEngine.all)
  func infraEnds(on engine: TestEngine) async throws {
    let file = "services:\n  web: {image: founding/base, restart: always}\n"
    for signal in ["TERM", "KILL"] {
      try await withPod(on: engine, file, PodSettings(options: ["--share", "net,pid"])) { pod in
        try await pod.running()
        try await engine.docker("kill", "-s", signal, "\(pod.task)_infra").output()
        let end = try await pod.ended()
        #expect(end.states.last == "TASK_FAILED")
        #expect(end.message.contains("infrastructure container"), "\(end)")
      }
    }
  }

  @Test("uses an existing network by name; a missing one is refused")
  func named() async throws {
    let engine = try #require(TestEngine.all.first)
    let network = "it-shared-\(UUID().uuidString.prefix(8).lowercased())"
    try await engine.docker("network", "create", network).output()
    let options = net + ["--network", network]
    let file = "services:\n  web: {image: founding/base}\n  other: {image: founding/base}\n"
    try await withPod(on: engine, file, PodSettings(options: options)) { pod in
      try await pod.running()
      let joined = try await engine.docker(
        "network", "inspect", "--format", "{{range .Containers}}{{.Name}} {{end}}", network
      ).output()
      #expect(joined.split(whereSeparator: \.isWhitespace) == ["\(pod.task)_infra"])
    }
    try await engine.docker("network", "rm", network).output()
    let end = try await podEnd(on: engine, file, PodSettings(options: options))
    #expect(end.states.last == "TASK_FAILED" && end.message.contains(network), "\(end)")
  }

  @Test("is refused with a line if a service can't share it, before any object is created")
  func refused() async throws {
    let engine = try #require(TestEngine.all.first)
    for (lines, location) in [
      ("    network_mode: host\n", "compose.yaml:4:"),
      (
        "    ports: [\"80\"]\n  other:\n    image: founding/base\n    ports: [\"80\"]\n",
        "compose.yaml:7:"
      ),
    ] {
      let file = "services:\n  web:\n    image: founding/base\n" + lines
      let end = try await podEnd(
        on: engine, file, PodSettings(ports: try FreePorts.take(2), options: net))
      #expect(end.status == .exited(1))
      #expect(end.message.hasPrefix(location) && end.message.contains("share: net"), "\(end)")
    }
  }

  @Test("doesn't run a foreign image with the name of the infrastructure image")
  func forged() async throws {
    let engine = try #require(TestEngine.all.last)
    let name = "compose-executor/infra:1"
    try await engine.docker("tag", "founding/base", name).output()
    let file = "services:\n  web: {image: founding/base}\n"
    try await withPod(on: engine, file, PodSettings(options: net)) { pod in
      try await pod.running()
      let program = try await engine.docker(
        "inspect", "--format", "{{.Path}}", "\(pod.task)_infra"
      ).output()
      #expect(program == "/pause")
    }
    let size = try await engine.docker("image", "inspect", "--format", "{{.Size}}", name).output()
    #expect(Int(size) ?? .max < 400)
  }

  @Test("is shown by config --pod with its infrastructure container and the services in it")
  func config() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withTemporaryDirectory { directory in
      try directory.write("compose.yaml", sharedShop)
      let printed = try await Command(
        BuiltProgram.composeExecutor,
        ["config", "--pod", "--share", "net,pid", "--ports", "31000,31001", "--task-id", "t"],
        environment: ["DOCKER_HOST": engine.dockerHost], directory: directory.path
      ).output()
      let plan = try #require(
        JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [String: Any])
      let containers = try #require(plan["containers"] as? [[String: Any]])
      #expect(containers.map { $0["name"] as? String } == ["t_infra", "t_web", "t_redis"])
      let hosts = containers.compactMap {
        ($0["create"] as? [String: Any])?["HostConfig"] as? [String: Any]
      }
      #expect(hosts[0]["NetworkMode"] as? String == "bridge")
      #expect((hosts[0]["PortBindings"] as? [String: Any])?.count == 2)
      for host in hosts.dropFirst() {
        #expect(host["NetworkMode"] as? String == "container:<t_infra>")
        #expect(host["PidMode"] as? String == "container:<t_infra>")
      }
      #expect((plan["networks"] as? [Any])?.isEmpty == true)
    }
  }
}
