import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("Hooks", .needsEngine, .throttled)
struct HookTests {
  private static let file = """
    services:
      web:
        image: pod-test/busybox
        command: [sh, -c, 'until [ -e /box/stop ]; do sleep 0.05; done; exit 3']
        ports: ["80:80"]
        volumes: [".:/box", "data:/data"]
    volumes: {data: {}}
    """

  /// The input of a hook, which the hook wrote into the sandbox.
  private struct Told: Decodable {
    struct Service: Decodable {
      var name: String
      var container_id: String?
    }
    struct Port: Decodable {
      var service: String
      var container_port: Int
      var host_port: String
    }
    var hook: String
    var task_id: String
    var container_id: String
    var sandbox: String
    var cgroup_parent: String
    var services: [Service]
    var volumes: [String]
    var ports: [Port]
    var addresses: [String]
    var state: String?
    var message: String?
    var not_removed: [String]?

    init(_ name: String, in directory: TemporaryDirectory) throws {
      self = try JSONDecoder().decode(
        Told.self, from: Data(contentsOf: URL(fileURLWithPath: directory.path(name))))
    }
  }

  @Test("receive the current state of the pod and run in the sandbox", arguments: TestEngine.all)
  func told(on engine: TestEngine) async throws {
    let port = try FreePorts.take(1)
    var options: [String] = []
    for event in ["pre-launch", "running", "post-stop"] {
      let count = "docker ps -aq --filter label=mesos.container_id=$RUN | wc -l"
      options += ["--\(event)-hook", "cat > \(event).json; \(count) > \(event).count"]
    }
    let run = UUID().uuidString.lowercased()
    let settings = PodSettings(
      ports: port, options: options, environment: ["RUN": run], run: run)
    try await withPod(on: engine, Self.file, settings) { pod in
      try await pod.running()
      try await eventually("the running hook") {
        let text = try? String(
          contentsOfFile: pod.sandbox.path("running.count"), encoding: .utf8)
        return text?.isEmpty == false
      }
      try pod.sandbox.write("stop", "")
      let end = try await pod.ended()
      #expect(end.message == "service 'web' exited with 3", "\(end)")
      let first = try Told("pre-launch.json", in: pod.sandbox)
      #expect(first.hook == "pre-launch" && first.task_id == pod.task && first.container_id == run)
      #expect(first.sandbox == pod.sandbox.path && first.cgroup_parent == "/compose-pods/\(run)")
      #expect(first.services.map(\.name) == ["web"] && first.services[0].container_id == nil)
      #expect(first.volumes.count == 1 && first.state == nil && first.addresses.isEmpty)
      #expect(first.ports.map(\.host_port) == ["\(port[0])"] && first.ports[0].container_port == 80)
      let second = try Told("running.json", in: pod.sandbox)
      #expect(second.services[0].container_id?.count == 64 && second.addresses.count == 1)
      let last = try Told("post-stop.json", in: pod.sandbox)
      #expect(last.state == "failed" && last.message == end.message && last.not_removed == [])
      // Before any object is created, with the pod, and after the cleanup.
      let counts = try ["pre-launch", "running", "post-stop"].map {
        try String(contentsOfFile: pod.sandbox.path("\($0).count"), encoding: .utf8)
      }
      #expect(counts == ["0\n", "1\n", "0\n"])
    }
  }

  @Test("that run before the launch and fail or time out fail the pod before it creates objects")
  func refuses() async throws {
    let engine = try #require(TestEngine.all.first)
    // The time limit also applies to the post-stop hook, which needs some on a busy machine.
    for (command, limit, words) in [
      ("echo no way >&2; exit 7", "10m", "exited with 7"),
      ("sleep 97531.25 & sleep 97531.25", "10s", "took longer than"),
    ] {
      let settings = PodSettings(
        ports: try FreePorts.take(1),
        options: [
          "--pre-launch-hook", command, "--hook-timeout", limit,
          "--post-stop-hook", "cat > last.json",
        ])
      try await withPod(on: engine, Self.file, settings) { pod in
        let end = try await pod.ended()
        #expect(end.states == ["TASK_STARTING", "TASK_FAILED"], "\(end)")
        #expect(end.message.hasPrefix("the pre-launch hook") && end.message.contains(words))
        // The pod never ran, and the post-stop hook, which cleans up after the first one, receives
        // that state.
        #expect(try Told("last.json", in: pod.sandbox).state == "failed")
        #expect(command.contains("sleep") || end.stderr.contains("no way"), "\(end)")
      }
    }
    // The processes that the hook started are gone.
    let running = try await Command("pgrep", ["-f", "sleep 97531.2[5]"]).run()
    #expect(running.status == .exited(1), "\(running.stdout)")
  }

  @Test("of other events that fail are reported, and the pod continues")
  func reported() async throws {
    let engine = try #require(TestEngine.all.last)
    let file = "services:\n  web: {image: pod-test/busybox, command: [sleep, \"0.3\"]}\n"
    let end = try await podEnd(
      on: engine, file,
      PodSettings(options: [
        "--running-hook", "exit 4", "--post-stop-hook", "kill -9 $$",
        "--pre-launch-hook", "sleep 97531.75 & setsid sleep 97531.75 & exit 0",
      ]))
    #expect(end.status == .exited(0) && end.states.last == "TASK_FINISHED", "\(end)")
    #expect(end.stderr.contains { $0.contains("the running hook 'exit 4' exited with 4") })
    #expect(end.stderr.contains { $0.contains("the post-stop hook") && $0.contains("signal 9") })
    // Processes that a hook leaves are killed when it exits.
    #expect(try await Self.sleepers("97531.75") == 0)
  }

  @Test("are killed at once if the pod is killed during its pre-launch hook")
  func killed() async throws {
    let engine = try #require(TestEngine.all.first)
    let settings = PodSettings(
      ports: try FreePorts.take(1),
      options: ["--pre-launch-hook", "touch began; exec sleep 1000", "--hook-timeout", "10m"])
    try await withPod(on: engine, Self.file, settings) { pod in
      try await eventually("the hook") {
        FileManager.default.fileExists(atPath: pod.sandbox.path("began"))
      }
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(300))
      #expect(end.status == .exited(130) && end.states == ["TASK_STARTING", "TASK_KILLED"])
    }
  }

  /// The number of `sleep` processes with this time.
  private static func sleepers(_ time: String) async throws -> Int {
    let found = try await Command("pgrep", ["-xf", "sleep \(time)"]).run()
    return found.stdout.split(separator: "\n").count
  }

  @Test(
    "and builds of a killed executor are killed with all their processes",
    arguments: ["pre-launch", "post-stop", "build"])
  func orphaned(event: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let run = UUID().uuidString.lowercased()
    let time = "86413." + run.filter(\.isWholeNumber)
    // In the hook's session, in others, and without a parent.
    let hook = """
      sleep \(time) & setsid sleep \(time) & (setsid sh -c 'sleep \(time) & sleep \(time)' &)
      exec sleep \(time)
      """
    var settings = PodSettings(run: run)
    var file = "services:\n  web: {image: pod-test/busybox, command: [\"true\"]}\n"
    if event == "build" {
      // In place of the docker command, because a build would have to hang.
      file = "services:\n  web: {build: .}\n"
      // Copied by the shell, because what this process writes can be busy during a fork (ETXTBSY).
      settings.files["bin/docker.sh"] = "#!/bin/sh\n" + hook
      settings.shell = #"install bin/docker.sh bin/docker; PATH=$PWD/bin:$PATH exec "$@""#
    } else {
      settings.options = ["--\(event)-hook", hook, "--hook-timeout", "10m"]
    }
    try await withPod(on: engine, file, settings) { pod in
      try await eventually("the hook") { try await Self.sleepers(time) == 5 }
      pod.send(SIGKILL)
      // The output is not kept open.
      #expect(try await pod.ended().status == .signaled(SIGKILL))
      try await eventually("the end of all that it started") {
        try await Self.sleepers(time) == 0
      }
    }
  }

  @Test(
    "that a task names by label run as its user, without the agent's token",
    arguments: MesosHost.linux.prefix(1) + MesosHost.ordinary.suffix(1))
  func labels(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.task = {
      $0.labels = [
        ("pod.pre_launch_hook", "env > env.txt; pwd > pwd.txt; id -u > user.txt"),
        ("org.apache.aurora.metadata.pod.post_stop_hook", "cat > last.json"),
      ]
    }
    settings.agent = { $0.authenticatesExecutors = true }
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.running()
      let seen = try String(contentsOfFile: pod.run.sandbox + "/env.txt", encoding: .utf8)
      #expect(
        seen.contains("MESOS_DIRECTORY=") && !seen.contains("MESOS_EXECUTOR_AUTHENTICATION_TOKEN"))
      let directory = try String(contentsOfFile: pod.run.sandbox + "/pwd.txt", encoding: .utf8)
      #expect(directory == pod.run.sandbox + "\n")
      let user = try String(contentsOfFile: pod.run.sandbox + "/user.txt", encoding: .utf8)
      #expect((user == "0\n") == !host.isOrdinaryUser, "\(user)")
      try pod.write("stop", "0")
      #expect(try await pod.ended().state == "TASK_FINISHED")
      let last = try String(contentsOfFile: pod.run.sandbox + "/last.json", encoding: .utf8)
      #expect(last.contains(#""state":"finished""#), "\(last)")
    }
  }
}
