import Foundation
import TestSupport
import Testing

/// An engine of a single test, which the test can kill.
struct OwnEngine: Sendable {
  let name: String
  let engine: TestEngine

  private static let scripts = SourceTree.path("scripts")

  /// Starts an engine with the test images, runs `body` with it, and stops it. `configuration` is
  /// its daemon.json.
  static func with(
    _ cgroups: TestEngine.CgroupVersion, configuration: String? = nil,
    _ body: (OwnEngine) async throws -> Void
  ) async throws {
    let name = "it-own-\(UUID().uuidString.prefix(8).lowercased())"
    let file = try configuration.map { text in
      let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(name).json")
      try Data(text.utf8).write(to: file)
      return file
    }
    defer { if let file { try? FileManager.default.removeItem(at: file) } }
    let start = Command(
      "\(scripts)/engine",
      ["start", "--name", name, "--cgroup", cgroups.rawValue]
        + (file.map { ["--daemon-json", $0.path] } ?? []))
    do {
      let socket = try await start.output(within: .seconds(400))
      let own = OwnEngine(name: name, engine: TestEngine(socket: socket, cgroups: cgroups))
      let host = ["DOCKER_HOST": own.engine.dockerHost]
      try await Command("\(scripts)/images", environment: host).output(within: .seconds(180))
      try await body(own)
    } catch {
      // Also if it did not start in time.
      try await run(["stop"], on: name)
      throw error
    }
    try await run(["stop"], on: name)
  }

  private var directory: String {
    URL(fileURLWithPath: engine.socket).deletingLastPathComponent().path
  }

  /// Its data directory.
  var data: String { directory + "/data" }

  /// dockerd's process ID.
  func daemon() throws -> pid_t {
    let text = try String(contentsOfFile: directory + "/docker.pid", encoding: .utf8)
    return try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
  }

  /// Removes the objects of a pod until two seconds pass without any: dockerd completes requests
  /// whose client is gone, and refuses a removal meanwhile.
  func removeWhatAppears(of pod: RunningPod) async throws {
    var since = ContinuousClock.now
    try await eventually("nothing more to appear", within: .seconds(180)) {
      let left = try await Leftovers.of(run: pod.run, on: engine)
      if left.isEmpty { return .now - since > .seconds(2) }
      try await left.remove(from: engine)
      since = .now
      return false
    }
  }

  /// Runs scripts/engine on it.
  func command(_ words: String...) async throws { try await command(words) }

  /// Runs scripts/engine on it.
  func command(_ words: [String]) async throws { try await Self.run(words, on: name) }

  private static func run(_ words: [String], on name: String) async throws {
    try await Command("\(scripts)/engine", words + ["--name", name]).output(
      within: .seconds(400))
  }
}

@Suite("An engine that becomes unavailable", .needsEngine, .throttled)
struct OutageTests {
  private static let file = """
    services:
      steady:
        image: pod-test/busybox
        restart: always
        volumes: ["./counts:/counts"]
        command:
          - sh
          - -c
          - 'echo x >> /counts/starts; echo start $$(wc -l < /counts/starts); trap "exit 0" TERM;
            i=0; while :; do i=$$((i + 1)); echo tick $$i; sleep 0.1; done'

    """

  @Test(
    "and returns: a service with `restart: always` runs again",
    arguments: TestEngine.all.map(\.cgroups))
  func comesBack(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      try await withPod(on: own.engine, Self.file) { pod in
        try await pod.running()
        try await pod.says("start 1", service: "steady")
        try await pod.says("tick 3", service: "steady")
        try await own.command("restart", "--kill")
        try await pod.says("start 2", service: "steady", within: .seconds(180))
        let ticks = pod.output(of: "steady").prefix { $0 != "start 2" }.dropFirst()
        #expect(Array(ticks) == (1...max(1, ticks.count)).map { "tick \($0)" })
        #expect(try await pod.containers()["steady"]?.State.Running == true)
        pod.send(SIGTERM)
        #expect(try await pod.ended().status == .exited(130))
      }
    }
  }

  @Test(
    "and returns: a service that must not exit has failed the pod",
    arguments: TestEngine.all.map(\.cgroups))
  func endedMeanwhile(cgroups: TestEngine.CgroupVersion) async throws {
    // The new daemon stops the containers that its predecessor left running, with SIGTERM first.
    let file =
      Self.file
        + """
          brittle:
            image: pod-test/busybox
            command: ["sh", "-c", "trap 'echo going down >&2; exit 3' TERM; sleep 1000 & wait"]
        """
    try await OwnEngine.with(cgroups) { own in
      try await withPod(on: own.engine, file) { pod in
        try await pod.running()
        try await own.command("restart", "--kill")
        let end = try await pod.ended(within: .seconds(180))
        #expect(end.status == .exited(1), "\(end)")
        #expect(end.states.last == "TASK_FAILED")
        #expect(end.message.hasPrefix("service 'brittle' exited with 3"))
      }
    }
  }

  @Test(
    "while a pod is being stopped doesn't prevent the stop",
    arguments: TestEngine.all.map(\.cgroups))
  func killedMeanwhile(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      try await withPod(on: own.engine, Self.file, PodSettings(options: ["--grace", "3s"])) { pod in
        try await pod.running()
        async let restarted: Void = own.command("restart", "--kill")
        try await pod.executor.line(containing: "the engine is away", in: .stderr)
        pod.send(SIGTERM)
        try await restarted
        let end = try await pod.ended(within: .seconds(180))
        #expect(end.status == .exited(130), "\(end)")
        #expect(end.states.last == "TASK_KILLED")
      }
    }
  }

  @Test(
    "for longer than the engine timeout fails the pod, which reports the remaining objects",
    arguments: TestEngine.all.map(\.cgroups))
  func staysAway(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      let settings = PodSettings(
        options: ["--engine-timeout", "2s", "--cleanup-timeout", "3s", "--grace", "1s"])
      try await withPod(on: own.engine, Self.file, settings) { pod in
        try await pod.running()
        let container = try #require(try await pod.containers()["steady"]).Id
        try await own.command("stop", "--keep-data")
        let clock = ContinuousClock.now
        let end = try await pod.ended(within: .seconds(300))
        // The defaults are 180 s and 120 s.
        #expect(ContinuousClock.now - clock < .seconds(90))
        #expect(end.status == .exited(1))
        #expect(end.states.last == "TASK_FAILED")
        #expect(end.message.contains("the engine has been away for 2 s"), "\(end)")
        #expect(end.message.contains("not removed: "))
        #expect(end.message.contains("container \(container.prefix(12))"), "\(end.message)")
        // Unreachable objects are left to the reaper; here the test removes them.
        try await own.command("restart")
        try await own.removeWhatAppears(of: pod)
      }
    }
  }

  private func expectNoProcess(of pod: RunningPod) throws {
    for directory in try Hierarchy.directories(of: "/compose-pods/\(pod.run)") {
      for container in try FileManager.default.contentsOfDirectory(atPath: directory) {
        let list = "\(directory)/\(container)/cgroup.procs"
        let processes = try? String(contentsOfFile: list, encoding: .utf8)
        #expect(processes == nil || processes == "", "\(list)")
      }
    }
  }

  @Test(
    "and hangs after some removals: the pod's other processes are killed in time",
    arguments: TestEngine.all.map(\.cgroups), ["8s", "10100ms"])
  func hangsLater(cgroups: TestEngine.CgroupVersion, limit: String) async throws {
    try await OwnEngine.with(cgroups) { own in
      let deaf =
        "{image: pod-test/busybox, command: [sh, -c, \"trap '' TERM; while :; do sleep 0.1; done\"]}"
      let file = "services:\n" + (0..<6).map { "  s\($0): \(deaf)\n" }.joined()
      let removal = "DELETE /containers/"
      let faults = [
        EngineTap.Fault(request: removal, times: 2), .init(request: removal, holdsRequest: true),
      ]
      try await EngineTap.with(own.engine, faults: faults) { tap in
        let settings = PodSettings(
          options: ["--cleanup-timeout", limit, "--grace", "500ms"],
          environment: ["DOCKER_HOST": tap.dockerHost])
        try await withPod(on: own.engine, file, settings) { pod in
          try await pod.running()
          pod.send(SIGTERM)
          let end = try await pod.ended()
          #expect(end.status == .exited(1), "\(end)")
          #expect(end.message.contains("its processes are killed"), "\(end)")
          try expectNoProcess(of: pod)
          try await own.removeWhatAppears(of: pod)
        }
      }
    }
  }

  @Test(
    "and hangs: a pod stops in bounded time and reports the remaining objects",
    arguments: TestEngine.all.map(\.cgroups))
  func hangs(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      let settings = PodSettings(options: ["--cleanup-timeout", "10s", "--grace", "1s"])
      try await withPod(on: own.engine, Self.file, settings) { pod in
        try await pod.running()
        let daemon = try own.daemon()
        kill(daemon, SIGSTOP)
        defer { kill(daemon, SIGCONT) }
        let clock = ContinuousClock.now
        pod.send(SIGTERM)
        let end = try await pod.ended(within: .seconds(180))
        #expect(ContinuousClock.now - clock < .seconds(90))
        #expect(end.status == .exited(1))
        #expect(end.states.last == "TASK_KILLED")
        #expect(end.message.contains("not removed: container "), "\(end)")
        #expect(
          end.message.contains("(its processes are killed; the engine doesn't respond)"), "\(end)")
        #expect(end.message.contains("cgroup /compose-pods/\(pod.run) ("), "\(end)")
        #expect(end.message.utf8.count < 1000)
        // The engine was not available to stop them.
        try expectNoProcess(of: pod)
        kill(daemon, SIGCONT)
        try await own.removeWhatAppears(of: pod)
      }
    }
  }

  @Test(
    "and hangs during a pre_start: its container and that of the secrets are killed and reported",
    arguments: TestEngine.all.map(\.cgroups))
  func hangsDuringHook(cgroups: TestEngine.CgroupVersion) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          secrets: [s]
          volumes: [".:/box"]
          pre_start:
            - command: [sh, -c, "trap '' TERM; touch /box/up; while :; do sleep 0.1; done"]
      secrets:
        s: {external: true, name: value}
      """
    try await OwnEngine.with(cgroups) { own in
      var settings = ExternalSecretTests.settings()
      settings.options = ["--cleanup-timeout", "3s", "--grace", "1s"]
      try await withPod(on: own.engine, file, settings) { pod in
        try await eventually("the hook", within: .seconds(180)) {
          FileManager.default.fileExists(atPath: pod.sandbox.path("up"))
        }
        let containers = try await Leftovers.of(run: pod.run, on: own.engine).containers
        #expect(containers.count == 3, "\(containers)")
        let daemon = try own.daemon()
        kill(daemon, SIGSTOP)
        defer { kill(daemon, SIGCONT) }
        pod.send(SIGTERM)
        let end = try await pod.ended(within: .seconds(180))
        #expect(end.status == .exited(1), "\(end)")
        for container in containers {
          #expect(end.message.contains("container \(container.prefix(40)) ("), "\(end)")
        }
        // The service's own container isn't started.
        let killed = end.message.components(separatedBy: "its processes are killed").count - 1
        #expect(killed == 2, "\(end)")
        try expectNoProcess(of: pod)
        kill(daemon, SIGCONT)
        try await own.removeWhatAppears(of: pod)
      }
    }
  }

  @Test(
    "and hangs during a launch: the grace and the cleanup timeout apply once",
    arguments: TestEngine.all.map(\.cgroups))
  func hangsDuringLaunch(cgroups: TestEngine.CgroupVersion) async throws {
    let chain = (1...6).reduce("services:\n") { text, number in
      text + "  s\(number):\n    image: founding/base\n"
        + (number > 1 ? "    depends_on: [s\(number - 1)]\n" : "")
    }
    try await OwnEngine.with(cgroups) { own in
      let watch = try own.engine.docker(
        "events", "--filter", "type=container", "--filter", "event=create", "--format",
        "{{.Actor.Attributes.name}}", "--since", "0s"
      ).start()
      defer { watch.send(SIGTERM) }
      let settings = PodSettings(options: ["--cleanup-timeout", "3s", "--grace", "15s"])
      let limit = Duration.seconds(30)
      let took = try await leastDuration(below: limit) {
        try await withPod(on: own.engine, chain, settings) { pod in
          try await watch.line(containing: pod.task)
          let daemon = try own.daemon()
          kill(daemon, SIGSTOP)
          defer { kill(daemon, SIGCONT) }
          let clock = ContinuousClock.now
          pod.send(SIGTERM)
          let end = try await pod.ended(within: .seconds(180))
          let took = ContinuousClock.now - clock
          #expect(end.status == .exited(1), "\(end)")
          #expect(end.states.last == "TASK_KILLED")
          #expect(end.message.contains("not removed: "), "\(end)")
          kill(daemon, SIGCONT)
          try await own.removeWhatAppears(of: pod)
          return took
        }
      }
      #expect(took < limit)
    }
  }

  @Test("or doesn't exist fails the pod at once")
  func none() async throws {
    let engine = TestEngine(socket: "/nonexistent/docker.sock", cgroups: .v1)
    try await withTemporaryDirectory { sandbox in
      try sandbox.write("compose.yaml", "services:\n  web:\n    image: founding/base\n")
      let result = try await Command(
        BuiltProgram.composeExecutor, ["run"], environment: ["DOCKER_HOST": engine.dockerHost],
        directory: sandbox.path
      ).run(within: .seconds(300))
      let end = PodEnd(result)
      #expect(end.status == .exited(1))
      #expect(end.states == ["TASK_STARTING", "TASK_FAILED"])
      #expect(end.message.contains("/nonexistent/docker.sock"), "\(end)")
    }
  }
}
