import Foundation
import TestSupport
import Testing

/// A stock engine has no live-restore: each of its restarts stops every container.
@Suite("An engine that restarts", .needsEngine, .throttled)
struct EngineRestartTests {
  private static let versions = TestEngine.all.map(\.cgroups)

  /// A pod during an engine restart, and the expected effect.
  struct Case: Sendable {
    let name: String
    let file: String
    var options: [String] = []
    /// A part of the failure's message; nil if the pod continues.
    var failure: String?
    /// Services that are started again.
    var restarted: [String] = []
  }

  private static let runs =
    #"image: pod-test/busybox, command: ["sh", "-c", "echo start; trap 'exit 0' TERM; sleep 1000 & wait"]"#
  private static let cases = [
    Case(
      name: "a job that exits with 0", file: "  web: {\(runs)}",
      failure: "service 'web' exited with 0 because the engine was restarted"),
    Case(
      name: "a job that is to start again", file: "  web: {\(runs)}",
      options: ["--on-engine-restart", "restart"], restarted: ["web"]),
    Case(
      name: "a service that ignores TERM",
      file: #"  web: {image: pod-test/busybox, stop_grace_period: 1s, command: [sleep, "1000"]}"#,
      failure: "service 'web' was killed by SIGKILL (137) because the engine was restarted"),
    Case(
      name: "always", file: "  web: {\(runs), restart: always}", restarted: ["web"]),
    Case(
      name: "unless-stopped", file: "  web: {\(runs), restart: unless-stopped}",
      restarted: ["web"]),
    Case(
      name: "on-failure", file: "  web: {\(runs), restart: on-failure}", restarted: ["web"]),
    Case(
      name: "a completed one beside it",
      file: """
          init: {image: pod-test/busybox, command: [echo, once]}
          web: {\(runs), restart: always, depends_on: {init: {condition: service_completed_successfully}}}
        """, restarted: ["web"]),
    Case(
      name: "a shared network",
      file: """
          web: {\(runs), restart: always, ports: ["80"]}
          log: {\(runs), restart: always, network_mode: "service:web"}
        """, restarted: ["web", "log"]),
    Case(
      name: "unhealthy from the signal on",
      file: """
          web:
            image: pod-test/busybox
            command: ["sh", "-c", "touch /ok; echo start; trap 'rm /ok; sleep 3; exit 0' TERM; sleep 1000 & wait"]
            restart: always
            healthcheck: {test: [CMD, test, -e, /ok], interval: 500ms, retries: 1, start_period: 20s}
        """, restarted: ["web"]),
    Case(
      name: "an infrastructure container",
      file: """
          web: {\(runs), restart: always}
          log: {\(runs), restart: on-failure}
        """, options: ["--share", "net,pid"], restarted: ["web", "log"]),
  ]

  @Test("fails services without a restart policy, and starts the others again", arguments: versions)
  func stops(cgroups: TestEngine.CgroupVersion) async throws {
    try await restart(cgroups, "restart")
  }

  @Test("after a crash has the same effect", arguments: versions)
  func crashes(cgroups: TestEngine.CgroupVersion) async throws {
    try await restart(cgroups, "restart", "--kill")
  }

  private func restart(_ cgroups: TestEngine.CgroupVersion, _ words: String...) async throws {
    try await OwnEngine.with(cgroups) { own in
      let gate = Gathering(Self.cases.count)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for test in Self.cases {
          group.addTask { try await Self.expect(test, on: own.engine, gate) }
        }
        group.addTask {
          try await eventually("all pods to run") { await gate.isComplete }
          try await own.command(words)
          await gate.open()
        }
        for try await _ in group {}
      }
    }
  }

  private static func expect(
    _ test: Case, on engine: TestEngine, _ gate: Gathering
  ) async throws {
    var options = test.options
    options += ["--grace", "2s"]
    try await withPod(
      on: engine, "services:\n" + test.file, PodSettings(options: options)
    ) { pod in
      try await pod.running(within: .seconds(300))
      try await gate.arrive()
      if let failure = test.failure {
        let end = try await pod.ended(within: .seconds(180))
        #expect(end.status == .exited(1), "\(test.name): \(end)")
        #expect(end.states.last == "TASK_FAILED", "\(test.name): \(end)")
        #expect(end.message.contains(failure), "\(test.name): \(end)")
        return
      }
      for service in test.restarted {
        try await eventually("\(test.name): the second start of \(service)") {
          pod.output(of: service).filter { $0 == "start" }.count == 2
        }
      }
      #expect(pod.executor.status == nil, "\(test.name): \(PodEnd(soFar: pod))")
      let states = try await pod.containers()
      for service in test.restarted {
        #expect(states[service]?.State.Running == true, "\(test.name)")
      }
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(180))
      #expect(end.status == .exited(130), "\(test.name): \(end)")
      #expect(end.output(of: "init").count <= 1)
    }
  }

  @Test(
    "and is pruned before it is inspected: containers that it stopped are created again",
    arguments: versions.prefix(1))
  func prunes(cgroups: TestEngine.CgroupVersion) async throws {
    let file = """
      services:
        web: {\(Self.runs), restart: always}
        job: {\(Self.runs), restart: "no"}
      """
    try await OwnEngine.with(cgroups) { own in
      for (option, goesOn) in [("restart", true), ("fail", false)] {
        let settings = PodSettings(options: ["--grace", "30s", "--on-engine-restart", option])
        try await withPod(on: own.engine, file, settings) { pod in
          try await pod.running()
          pod.send(SIGSTOP)
          do {
            defer { pod.send(SIGCONT) }
            try await own.command("restart", "--kill")
            try await own.engine.docker("container", "prune", "--force").output()
          }
          if goesOn {
            for service in ["web", "job"] {
              try await eventually("the second start of \(service)") {
                pod.output(of: service).filter { $0 == "start" }.count == 2
              }
            }
            #expect(pod.executor.status == nil, "\(PodEnd(soFar: pod))")
            return
          }
          // No container is left that takes long to stop.
          let end = try await pod.ended(within: .seconds(300))
          #expect(end.states.last == "TASK_FAILED", "\(end)")
          #expect(end.message.contains("because the engine was restarted"), "\(end)")
        }
      }
    }
  }

  @Test("during a service's hooks: they run again", arguments: versions.prefix(1))
  func hooks(cgroups: TestEngine.CgroupVersion) async throws {
    // The first run lasts until the restart.
    let words =
      "trap 'exit 0' TERM; if [ -e /box/first ]; then echo begun; sleep 1; "
      + "else touch /box/first; echo begun; sleep 1000 & wait; fi; echo done"
    let hook = #"{command: ["sh", "-c", "\#(words)"]}"#
    try await OwnEngine.with(cgroups) { own in
      let gate = Gathering(2)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for key in ["pre_start", "post_start"] {
          group.addTask {
            let file =
              "services:\n  web: {\(Self.runs), restart: always, volumes: ['.:/box'],"
              + " \(key): [\(hook)]}\n"
            try await withPod(on: own.engine, file, PodSettings(options: ["--grace", "2s"])) {
              pod in
              try await pod.executor.line(containing: "| begun", within: .seconds(180))
              try await gate.arrive()
              try await pod.running(within: .seconds(300))
              let lines = pod.executor.lines()
              #expect(lines.filter { $0.hasSuffix("| begun") }.count == 2, "\(key): \(lines)")
              #expect(lines.filter { $0.hasSuffix("| done") }.count == 1, "\(key): \(lines)")
            }
          }
        }
        group.addTask {
          try await eventually("both hooks", within: .seconds(300)) { await gate.isComplete }
          try await own.command("restart")
          await gate.open()
        }
        for try await _ in group {}
      }
    }
  }

  @Test("delays a launch and doesn't fail it", arguments: versions)
  func launches(cgroups: TestEngine.CgroupVersion) async throws {
    let file = """
      services:
        first:
          image: founding/base
          restart: always
          networks: [inner]
          volumes: ["data:/data"]
          configs: [text]
        second:
          image: founding/base
          restart: always
          networks: [inner, outer]
          depends_on: [first]
        third: {image: founding/base, restart: always, network_mode: "service:second"}
      networks: {inner: {}, outer: {}}
      volumes: {data: {}}
      configs: {text: {content: here}}
      """
    try await OwnEngine.with(cgroups) { own in
      // Each is in another step of its launch when the engine stops.
      try await withThrowingTaskGroup(of: Void.self) { group in
        let gate = Gathering(6)
        let isBack = Gathering(1)
        for number in 0..<6 {
          group.addTask {
            let begin = ContinuousClock.now
            try await eventually("its turn") { .now - begin > .milliseconds(150 * number) }
            try await withPod(on: own.engine, file, PodSettings(options: ["--grace", "2s"])) {
              pod in
              try await pod.executor.line(containing: "TASK_STARTING")
              await gate.count()
              do {
                try await pod.running(within: .seconds(300))
              } catch {
                // An executor that never reached an engine fails at once.
                let end = try await pod.ended()
                #expect(end.message.contains("cannot connect to"), "\(end)")
                // What it leaves is listed by the engine.
                try await eventually("the engine is back") { await isBack.isComplete }
                return
              }
              pod.send(SIGTERM)
              #expect(try await pod.ended().status == .exited(130))
            }
          }
        }
        group.addTask {
          try await eventually("all to start") { await gate.isComplete }
          try await own.command("restart")
          await isBack.count()
        }
        for try await _ in group {}
      }
    }
  }

  @Test("delays a pull, which begins again", arguments: versions.prefix(1))
  func pulls(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      try await Registry.lend { registry in
        let image = try await registry.image(on: own.engine)
        registry.pause()
        let file = "services:\n  web: {image: \(image), command: [echo, here]}\n"
        try await withPod(on: own.engine, file) { pod in
          try await pod.executor.line(containing: "pulling \(image)", in: .stderr)
          try await own.command("restart")
          registry.resume()
          let end = try await pod.ended(within: .seconds(180))
          #expect(end.status == .exited(0), "\(end)")
          #expect(end.output(of: "web") == ["here"])
        }
      }
    }
  }

  @Test("or hangs for longer than the engine timeout fails the pod", arguments: versions.prefix(1))
  func hangs(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      let settings = PodSettings(options: [
        "--engine-timeout", "3s", "--relist-interval", "1s", "--cleanup-timeout", "3s", "--grace",
        "1s",
      ])
      try await withPod(
        on: own.engine, "services:\n  web: {image: founding/base}\n", settings
      ) { pod in
        try await pod.running()
        let daemon = try own.daemon()
        kill(daemon, SIGSTOP)
        defer { kill(daemon, SIGCONT) }
        let end = try await pod.ended(within: .seconds(180))
        #expect(end.status == .exited(1), "\(end)")
        #expect(end.message.hasPrefix("the engine has been away for 3 s"), "\(end)")
        kill(daemon, SIGCONT)
        try await own.removeWhatAppears(of: pod)
      }
    }
  }
}

/// Holds steps of several tests until all of them have arrived.
private actor Gathering {
  private let expected: Int
  private var arrived = 0
  private var isOpen = false

  init(_ expected: Int) { self.expected = expected }

  var isComplete: Bool { arrived >= expected }

  func count() { arrived += 1 }

  func open() { isOpen = true }

  /// Arrives, and waits until the common step is done.
  nonisolated func arrive() async throws {
    await count()
    try await eventually("the others", within: .seconds(180)) { await self.isOpened }
  }

  private var isOpened: Bool { isOpen }
}
