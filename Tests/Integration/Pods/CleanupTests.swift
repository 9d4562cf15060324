import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("The cleanup of a pod", .needsEngine, .throttled)
struct CleanupTests {
  private static let file = """
    services:
      web:
        image: pod-test/busybox
        volumes: ["data:/data"]
        command: ["sh", "-c", "trap 'exit 0' TERM; echo up; sleep 1000 & wait"]
    volumes:
      data: {}

    """

  /// A container that doesn't handle its stop signal would delay the end by this time.
  private static let patient = PodSettings(options: ["--grace", "10m"])

  static let kinds = TestEngine.all.flatMap { engine in
    ["network", "volume"].map { (engine, $0) }
  }

  @Test(
    "doesn't wait for a foreign container on its network or volume, and names it",
    arguments: kinds)
  func held(on engine: TestEngine, kind: String) async throws {
    let name = "it-stranger-\(UUID().uuidString.prefix(8).lowercased())"
    // A reaper of another test would remove the object that the executor leaves.
    try await withReaperSite(on: engine) { _ in
      // Its whole time for the cleanup would be too long for this test.
      let settings = PodSettings(options: ["--cleanup-timeout", "10m"])
      try await withPod(on: engine, Self.file, settings) { pod in
        try await pod.running()
        try await pod.says("up", service: "web")
        let label = "label=mesos.container_id=\(pod.run)"
        let object = try await engine.docker(kind, "ls", "-q", "--filter", label).output()
        let joined = kind == "network" ? ["--network", object] : ["-v", "\(object):/data"]
        let stranger = try await engine.docker(
          ["run", "-d", "--name", name] + joined + ["pod-test/busybox", "sleep", "1000"]
        ).output()
        pod.send(SIGTERM)
        let end = try await pod.ended(within: .seconds(180))
        #expect(end.status == .exited(1), "\(end)")
        #expect(
          end.message.contains(
            "used by container '\(name)' (\(stranger.prefix(12))), not of this pod"),
          "\(end)")
        let state = try await engine.docker("inspect", "-f", "{{.State.Running}}", name).output()
        #expect(state == "true")
        try await engine.docker("rm", "-f", name).output()
        try await engine.docker(kind, "rm", object).output()
      }
    }
  }

  @Test("completes in time if a container is paused", arguments: TestEngine.all)
  func paused(on engine: TestEngine) async throws {
    try await withPod(on: engine, Self.file, Self.patient) { pod in
      try await pod.running()
      try await pod.says("up", service: "web")
      try await engine.docker("pause", "\(pod.task)_web").output()
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(180))
      #expect(end.status == .exited(130), "\(end)")
    }
  }

  @Test("completes in time if the pod's cgroup was left frozen", arguments: TestEngine.all)
  func frozen(on engine: TestEngine) async throws {
    try await withPod(on: engine, Self.file, Self.patient) { pod in
      try await pod.running()
      try await pod.says("up", service: "web")
      let isOne = engine.cgroups == .v1
      let root = try #require(
        isOne ? try Hierarchy.root(of: "freezer") : try Hierarchy.unifiedRoot())
      let file = "\(root)/compose-pods/\(pod.run)/" + (isOne ? "freezer.state" : "cgroup.freeze")
      try (isOne ? "FROZEN" : "1").write(toFile: file, atomically: false, encoding: .utf8)
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(180))
      #expect(end.status == .exited(130), "\(end)")
    }
  }

  @Test(
    "touches no cgroup and no directory outside its own if an ID contains path components",
    arguments: ["", ".", "..", "/", "../..", "a/b", "a\nb", String(repeating: "x", count: 256)])
  func detours(id: String) async throws {
    let name = "it-innocent-\(UUID().uuidString.prefix(8).lowercased())"
    let cgroups = try Hierarchy.all().map { "\($0.root)/\(name)" }
    for directory in cgroups { try #require(mkdir(directory, 0o755) == 0) }
    defer { for directory in cgroups { rmdir(directory) } }
    try await withTemporaryDirectory { sandbox in
      try sandbox.write("compose.yaml", Self.file)
      let innocent = sandbox.path + "/innocent/empty"
      try FileManager.default.createDirectory(
        atPath: innocent, withIntermediateDirectories: true)
      let up = String(repeating: "../", count: 8)
      for id in [id, up + sandbox.path.dropFirst() + "/innocent"] {
        for (arguments, environment) in [
          (["--run-id", id], [:]), ([], ["COMPOSE_EXECUTOR_RUN_ID": id]),
          (["--task-id", id], [:]), ([], ["COMPOSE_EXECUTOR_TASK_ID": id]),
        ] {
          let engine = ["DOCKER_HOST": "unix:///nonexistent/docker.sock"]
          let result = try await Command(
            BuiltProgram.composeExecutor, ["run"] + arguments,
            environment: engine.merging(environment) { $1 }, directory: sandbox.path
          ).run(within: .seconds(300))
          #expect(result.status == .exited(2))
          #expect(result.stderr.contains("-id "), "\(result.stderr)")
          #expect(!result.stdout.contains("TASK_STARTING"))
        }
      }
      #expect(FileManager.default.fileExists(atPath: innocent))
      for directory in cgroups { #expect(FileManager.default.fileExists(atPath: directory)) }
    }
  }

  @Test(
    "is for the sandbox's container ID if the agent sends an invalid ID", arguments: MesosHost.all)
  func subscribed(on host: MesosHost) async throws {
    for run in ["", "/", "..", "../..", "a/b", "a\nb"] {
      var settings = MesosSettings()
      settings.agent = { $0.subscribedRun = run }
      try await withMesosPod(on: host, obedient, settings) { pod in
        try await pod.running()
        #expect(try await !pod.containers().isEmpty)
        pod.kill()
        #expect(try await pod.ended().state == "TASK_KILLED")
      }
    }
  }

  @Test(
    "doesn't begin without a valid container ID: the task fails with that message",
    arguments: MesosHost.linux, ["/", "/tmp/..", "/tmp/a\nb"])
  func noRun(on host: MesosHost, directory: String) async throws {
    let name = "it-innocent-\(UUID().uuidString.prefix(8).lowercased())"
    // The directories that a path made from such an ID would name.
    let cgroups = try Hierarchy.all().flatMap { hierarchy in
      ["\(hierarchy.root)/\(name)", "\(hierarchy.root)/compose-pods/\(name)"]
    }
    for directory in cgroups {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }
    defer { for directory in cgroups { rmdir(directory) } }
    for run in ["", "..", "a/b"] {
      var settings = MesosSettings(environment: ["MESOS_DIRECTORY": directory])
      settings.agent = { $0.subscribedRun = run }
      try await withMesosPod(on: host, obedient, settings) { pod in
        let end = try await pod.ended()
        #expect(pod.states == ["TASK_STARTING", "TASK_FAILED"], "\(pod.states)")
        #expect(
          end.message == "neither the agent's container_id nor the sandbox's path contains a run")
        #expect(try await pod.exited() == .exited(1))
        let label = "label=mesos.task_id=\(pod.task)"
        for kind in ["container", "network", "volume"] {
          let all = kind == "container" ? ["-a"] : []
          let made = try await host.engine.docker([kind, "ls", "-q", "--filter", label] + all)
            .output()
          #expect(made.isEmpty, "\(kind) \(made)")
        }
      }
      for directory in cgroups { #expect(FileManager.default.fileExists(atPath: directory)) }
    }
  }
}
