import Foundation
import TestSupport
import Testing

/// What a host's maintenance removes while a pod needs it: containers that don't run, unused networks, volumes and images.
@Suite("An object that someone else removes", .needsEngine, .throttled)
struct VanishedObjectTests {
  private static let one = Array(TestEngine.all.prefix(1))

  // MARK: While a service waits

  /// How a service that waits is joined to others.
  enum Waiter: String, CaseIterable, CustomTestStringConvertible {
    case plain, networks, volumes, links, volumesFrom, network, pid, config, preStart, replicas
    var testDescription: String { rawValue }

    var keys: String {
      switch self {
      case .plain: ""
      case .networks: "networks: [inner, outer]"
      case .volumes: #"volumes: ["data:/data", "/own"]"#
      case .links: "links: [other]"
      case .volumesFrom: "volumes_from: [other]"
      case .network: "network_mode: service:other"
      case .pid: "pid: service:other"
      case .config: "configs: [text]"
      case .preStart: #"pre_start: [{command: ["sh", "-c", "echo prepared > /own/word"]}]"#
      case .replicas: "scale: 3"
      }
    }

    var command: String {
      switch self {
      case .config: "cat /text; echo"
      case .preStart: "cat /own/word"
      default: "echo prepared"
      }
    }

    var file: String {
      """
      services:
        gate:
          image: pod-test/busybox
          command: ["sh", "-c", "until [ -e /gate/open ]; do sleep 0.1; done"]
          volumes: ["./gate:/gate"]
        other:
          image: founding/base
          volumes: ["data:/kept", "/anonymous"]
          networks: [inner]
          depends_on: {gate: {condition: service_completed_successfully}}
        web:
          image: pod-test/busybox
          command: ["sh", "-c", "\(command); trap 'exit 0' TERM; sleep 1000 & wait"]
          depends_on: {gate: {condition: service_completed_successfully}}
          \(self == .preStart ? #"volumes: ["/own"]"# : "")
          \(keys)
      networks: {inner: {}, outer: {}}
      volumes: {data: {}}
      configs: {text: {content: prepared}}
      """
    }
  }

  @Test(
    "before its start is created again, with all that it needs and the same labels",
    arguments: Waiter.allCases)
  func whileWaiting(waiter: Waiter) async throws {
    let engine = try #require(TestEngine.all.first)
    let settings = PodSettings(files: ["gate/.keep": ""])
    try await withPod(on: engine, waiter.file, settings) { pod in
      let expected = waiter == .replicas ? 5 : 3
      try await eventually("all containers") { try await pod.services().count == expected }
      try await eventually("the gate") {
        try await engine.docker("inspect", "-f", "{{.State.Running}}", "\(pod.task)_gate").run()
          .stdout == "true\n"
      }
      // Containers that were never started, then what is unused without them: as `docker system prune` does it.
      for name in try await pod.neverStarted() {
        try await engine.docker("rm", "-v", name).output()
      }
      let before = try await Leftovers.of(run: pod.run, on: engine)
      for network in before.networks {
        try await engine.docker("network", "rm", network).run()
      }
      for volume in before.volumes { try await engine.docker("volume", "rm", volume).output() }
      try pod.sandbox.write("gate/open", "")
      try await pod.running()
      try await eventually("its output") {
        pod.executor.lines().filter { $0.hasPrefix("web") && $0.hasSuffix("| prepared") }.count
          == (waiter == .replicas ? 3 : 1)
      }
      // Nothing is there without the pod's labels: Docker makes a missing volume anew, without any.
      let volumes = try await engine.docker("volume", "ls", "-q").output()
      let ours = try await Leftovers.of(run: pod.run, on: engine)
      for volume in volumes.split(separator: "\n").map(String.init)
      where volume.hasPrefix(pod.task) {
        #expect(ours.volumes.contains(volume))
      }
      #expect(ours.volumes.count == 1)
      pod.send(SIGTERM)
      #expect(try await pod.ended().status == .exited(130))
    }
  }

  @Test(
    "that has exited and is needed for its volumes fails the pod with both names", arguments: one)
  func volumesOfCompleted(on engine: TestEngine) async throws {
    let file = """
      services:
        first: {image: pod-test/busybox, command: ["true"], volumes: ["/own"]}
        gate:
          image: pod-test/busybox
          command: ["sh", "-c", "until [ -e /gate/open ]; do sleep 0.1; done"]
          volumes: ["./gate:/gate"]
        web:
          image: founding/base
          volumes_from: [first]
          depends_on: {gate: {condition: service_completed_successfully}}
      """
    try await withPod(on: engine, file, PodSettings(files: ["gate/.keep": ""])) { pod in
      try await eventually("the first to exit, and the last to wait") {
        let services = try await pod.services()
        let running = try await pod.containers()["gate"]?.State.Running == true
        let isDone = try await pod.containers()["first"]?.State.Running == false
        let waiting = try await pod.neverStarted().count
        return services == ["first", "gate", "web"] && running && isDone && waiting == 1
      }
      for name in try await pod.neverStarted() + ["\(pod.task)_first"] {
        try await engine.docker("rm", "-v", name).output()
      }
      try pod.sandbox.write("gate/open", "")
      let end = try await pod.ended()
      #expect(end.status == .exited(1))
      #expect(
        end.message.hasSuffix(
          "service 'web' needs the container of 'first', which had exited and was removed by someone else"
        ),
        "\(end)")
    }
  }

  // MARK: Between two requests

  @Test("an image, between its pull and the create, is pulled again", arguments: one)
  func image(on engine: TestEngine) async throws {
    try await Registry.lend { registry in
      let image = try await registry.image(on: engine)
      let hold = EngineTap.Fault(request: "^POST /containers/create", holdsRequest: true)
      let file = "services:\n  web: {image: \(image), command: [sh, -c, echo here]}\n"
      try await withPod(on: engine, file, through: hold) { pod, tap in
        try await tap.isHeld()
        try await engine.docker("rmi", "-f", image).output()
        try await tap.release()
        let end = try await pod.ended()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.output(of: "web") == ["here"])
        #expect(end.stderr.filter { $0.contains("pulled \(image)") }.count == 2, "\(end)")
      }
      try await engine.docker("rmi", "-f", image).run()
    }
  }

  @Test("an image that can't be had again fails the pod with its line", arguments: one)
  func imageForGood(on engine: TestEngine) async throws {
    let image = "it-gone-\(UUID().uuidString.prefix(8).lowercased())"
    try await engine.docker("tag", "pod-test/busybox", image).output()
    let hold = EngineTap.Fault(request: "^POST /containers/create", holdsRequest: true)
    let file = "services:\n  web:\n    image: \(image)\n    pull_policy: never\n"
    try await withPod(on: engine, file, through: hold) { pod, tap in
      try await tap.isHeld()
      try await engine.docker("rmi", image).output()
      try await tap.release()
      let end = try await pod.ended()
      #expect(end.status == .exited(1), "\(end)")
      #expect(end.message.hasPrefix("compose.yaml:3:"), "\(end)")
      #expect(end.message.contains(image))
    }
  }

  @Test("a container, just before its start, is created again", arguments: one)
  func beforeStart(on engine: TestEngine) async throws {
    let hold = EngineTap.Fault(request: "^POST /containers/[^/]+/start", holdsRequest: true)
    let file = "services:\n  web: {image: pod-test/busybox, command: [echo, here]}\n"
    try await withPod(on: engine, file, through: hold) { pod, tap in
      try await tap.isHeld()
      try await engine.docker("rm", "\(pod.task)_web").output()
      try await tap.release()
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "web") == ["here"])
    }
  }

  @Test("an infrastructure container, just before its start, is created again", arguments: one)
  func infrastructureBeforeStart(on engine: TestEngine) async throws {
    let hold = EngineTap.Fault(request: "^POST /containers/[^/]+/start", holdsRequest: true)
    let file = "services:\n  web: {image: pod-test/busybox, command: [echo, here]}\n"
    try await withPod(
      on: engine, file, PodSettings(options: ["--share", "net,pid"]), through: hold
    ) { pod, tap in
      try await tap.isHeld()
      // The service's container may be there already: it refers to the one that vanishes.
      for name in try await pod.neverStarted() { try await engine.docker("rm", name).output() }
      try await tap.release()
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "web") == ["here"])
    }
  }

  @Test("a pre_start's container, just before its start, is created again", arguments: one)
  func preStartBeforeStart(on engine: TestEngine) async throws {
    let hold = EngineTap.Fault(request: "^POST /containers/[^/]+/start", holdsRequest: true)
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [echo, here]
          pre_start: [{command: [echo, prepared]}]
      """
    try await withPod(on: engine, file, through: hold) { pod, tap in
      try await tap.isHeld()
      try await engine.docker("rm", "\(pod.task)_web-pre_start-0").output()
      try await tap.release()
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.stdout.filter { $0.hasSuffix("prepared") }.count == 1, "\(end)")
      #expect(end.output(of: "web") == ["here"])
    }
  }

  @Test(
    "a service's container during its pre_start is created again, and prepared again",
    arguments: one)
  func duringPreStart(on engine: TestEngine) async throws {
    let wait = "echo prepared > /own/word; echo once; until [ -e /gate/open ]; do sleep 0.1; done"
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [cat, /own/word]
          volumes: ["/own", "./gate:/gate"]
          pre_start: [{command: ["sh", "-c", "\(wait)"]}]
      """
    try await withPod(on: engine, file, PodSettings(files: ["gate/.keep": ""])) { pod in
      try await pod.executor.line(containing: "once")
      try await engine.docker("rm", "\(pod.task)_web").output()
      try pod.sandbox.write("gate/open", "")
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "web") == ["prepared"], "\(end)")
      #expect(end.stdout.filter { $0.hasSuffix("once") }.count == 2, "\(end)")
    }
  }

  @Test(
    "an image and the container made from it, before its start, are provided again", arguments: one)
  func imageOfWaiting(on engine: TestEngine) async throws {
    try await Registry.lend { registry in
      let image = try await registry.image(on: engine)
      let file = """
        services:
          gate:
            image: pod-test/busybox
            command: ["sh", "-c", "until [ -e /gate/open ]; do sleep 0.1; done"]
            volumes: ["./gate:/gate"]
          web:
            image: \(image)
            command: [echo, here]
            depends_on: {gate: {condition: service_completed_successfully}}
        """
      try await withPod(on: engine, file, PodSettings(files: ["gate/.keep": ""])) { pod in
        try await eventually("a container that waits") {
          try await pod.neverStarted() == ["\(pod.task)_web"]
        }
        try await engine.docker("rm", "\(pod.task)_web").output()
        try await engine.docker("rmi", "-f", image).output()
        try pod.sandbox.write("gate/open", "")
        let end = try await pod.ended()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.output(of: "web") == ["here"], "\(end)")
        #expect(end.stderr.filter { $0.contains("pulled \(image)") }.count == 2, "\(end)")
      }
      try await engine.docker("rmi", "-f", image).run()
    }
  }

  @Test("a network, just before a start, is created again", arguments: one)
  func networkBeforeStart(on engine: TestEngine) async throws {
    let hold = EngineTap.Fault(request: "^POST /containers/[^/]+/start", holdsRequest: true)
    let file = """
      services:
        a: {image: founding/base, networks: [inner, outer]}
        b: {image: founding/base, networks: [outer]}
      networks: {inner: {}, outer: {labels: {mark: kept}}}
      """
    try await withPod(on: engine, file, through: hold) { pod, tap in
      try await tap.isHeld()
      for network in try await Leftovers.of(run: pod.run, on: engine).networks {
        try await engine.docker("network", "rm", network).output()
      }
      try await tap.release()
      try await pod.running()
      let networks = try await pod.networks()
      #expect(networks.count == 2)
      #expect(networks.contains { $0.Labels?["mark"] == "kept" })
    }
  }

  @Test("a volume, just before the create that needs it, is created again", arguments: one)
  func volumeBeforeCreate(on engine: TestEngine) async throws {
    let hold = EngineTap.Fault(request: "^POST /containers/create", holdsRequest: true)
    let file = """
      services:
        a: {image: founding/base, volumes: ["data:/data"]}
      volumes: {data: {labels: {mark: kept}}}
      """
    try await withPod(on: engine, file, through: hold) { pod, tap in
      try await tap.isHeld()
      for volume in try await Leftovers.of(run: pod.run, on: engine).volumes {
        try await engine.docker("volume", "rm", volume).output()
      }
      try await tap.release()
      try await pod.running()
      #expect(try await pod.volumes().map { $0.Labels?["mark"] } == ["kept"])
    }
  }

  // MARK: After an exit

  @Test("a completed service's container isn't needed any more", arguments: one)
  func completed(on engine: TestEngine) async throws {
    let file = """
      services:
        init: {image: pod-test/busybox, command: ["true"]}
        web:
          image: pod-test/busybox
          command: ["sh", "-c", "until [ -e /gate/open ]; do sleep 0.1; done"]
          volumes: ["./gate:/gate"]
          depends_on: {init: {condition: service_completed_successfully}}
      """
    try await withPod(on: engine, file, PodSettings(files: ["gate/.keep": ""])) { pod in
      try await pod.running()
      try await engine.docker("rm", "-v", "\(pod.task)_init").output()
      try pod.sandbox.write("gate/open", "")
      let end = try await pod.ended()
      #expect(end.states.last == "TASK_FINISHED", "\(end)")
      #expect(end.status == .exited(0))
    }
  }

  @Test("a container that exited counts with its exit code", arguments: [0, 3])
  func exited(code: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    let hold = EngineTap.Fault(request: "^GET /containers/[0-9a-f]+/json", holdsRequest: true)
    let file = "services:\n  web: {image: pod-test/busybox, command: [sh, -c, exit \(code)]}\n"
    try await withPod(on: engine, file, through: hold) { pod, tap in
      try await eventually("the exit") {
        try await engine.docker(
          "ps", "-aq", "--filter", "status=exited", "--filter",
          "label=mesos.container_id=\(pod.run)"
        ).output().isEmpty == false
      }
      try await engine.docker("rm", "-v", "\(pod.task)_web").output()
      try await tap.release()
      let end = try await pod.ended()
      #expect(end.status == .exited(code == 0 ? 0 : 1), "\(end)")
      if code != 0 { #expect(end.message == "service 'web' ended with 3") }
    }
  }

  @Test("a container that waits for its restart is created again", arguments: one)
  func restarting(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          restart: always
          command: ["sh", "-c", "echo start; sleep 0.1; exit 1"]
      """
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      let first = try #require(try await pod.containers()["web"]).Id
      // The pauses double: by now they are long enough for this.
      try await eventually("some starts") { pod.output(of: "web").count >= 5 }
      try await eventually("its removal between two runs") {
        try await engine.docker("rm", "-v", "\(pod.task)_web").run().status.isSuccess
      }
      let count = pod.output(of: "web").count
      try await eventually("another start") { pod.output(of: "web").count > count }
      #expect(try await pod.containers()["web"]?.Id != first)
      pod.send(SIGTERM)
      #expect(try await pod.ended().status == .exited(130))
    }
  }

  @Test("a pre_start's container that exited counts with its exit code", arguments: [0, 4])
  func preStart(code: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    let hold = EngineTap.Fault(request: "^POST /containers/[^/]+/wait", holdsRequest: true)
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [echo, here]
          pre_start: [{command: ["sh", "-c", "exit \(code)"]}]
      """
    try await withPod(on: engine, file, through: hold) { pod, tap in
      try await tap.isHeld()
      try await engine.docker("rm", "-v", "\(pod.task)_web-pre_start-0").output()
      try await tap.release()
      let end = try await pod.ended()
      #expect(end.status == .exited(code == 0 ? 0 : 1), "\(end)")
      if code != 0 { #expect(end.message.contains("the pre_start of service 'web'"), "\(end)") }
    }
  }

  // MARK: While it runs

  @Test(
    "a running container fails the pod, whatever its restart policy",
    arguments: ["no", "always", "on-failure"])
  func running(policy: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let file = "services:\n  web: {image: founding/base, restart: \"\(policy)\"}\n"
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      try await engine.docker("rm", "-f", "\(pod.task)_web").output()
      let end = try await pod.ended()
      #expect(end.status == .exited(1))
      #expect(end.message == "the container of service 'web' was removed by someone else", "\(end)")
    }
  }

  @Test("a network that a container was disconnected from is warned of", arguments: one)
  func disconnected(on engine: TestEngine) async throws {
    let file =
      "services:\n  web: {image: founding/base, networks: [inner]}\nnetworks: {inner: {}}\n"
    let settings = PodSettings(options: ["--relist-interval", "1s"])
    try await withPod(on: engine, file, settings) { pod in
      try await pod.running()
      let network = try #require(try await pod.networks().first).Name
      try await engine.docker("network", "disconnect", network, "\(pod.task)_web").output()
      try await pod.executor.line(
        containing: "is no longer connected to network '\(network)'", in: .stderr)
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130))
      #expect(end.stderr.filter { $0.contains("is no longer connected") }.count == 1)
    }
  }

  // MARK: Missed events

  @Test("an exit whose event is missed is found by the next list", arguments: one)
  func missedExit(on engine: TestEngine) async throws {
    let fault = EngineTap.Fault(
      request: "^GET /events", swaps: [[#""Action":"die""#, #""Action":"dix""#]])
    let file = "services:\n  web: {image: pod-test/busybox, command: [sleep, \"0.5\"]}\n"
    try await withPod(
      on: engine, file, PodSettings(options: ["--relist-interval", "1s"]), through: fault
    ) { pod, _ in
      let end = try await pod.ended(within: .seconds(30))
      #expect(end.status == .exited(0), "\(end)")
    }
  }

  @Test("a list that the engine refuses, or garbles, fails no pod", arguments: [500, 403, 200])
  func refusedList(status: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    let fault = EngineTap.Fault(
      request: "^GET /containers/json", status: status, message: "no list today")
    let settings = PodSettings(options: [
      "--relist-interval", "1s", "--engine-timeout", "1s", "--cleanup-timeout", "2s",
    ])
    try await withPod(
      on: engine, "services:\n  web: {image: founding/base}\n", settings, through: fault
    ) { pod, tap in
      try await pod.running()
      try await eventually("some lists") { tap.injections.count >= 4 }
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(150))
      // The same list tells at the end what is left: that can't be known here.
      #expect(end.states.last == "TASK_KILLED", "\(end)")
      try await Leftovers.of(run: pod.run, on: engine).remove(from: engine)
    }
  }

  @Test("a removal whose event is missed is found by the next list", arguments: one)
  func missedRemoval(on engine: TestEngine) async throws {
    let fault = EngineTap.Fault(
      request: "^GET /events",
      swaps: [
        [#""Action":"die""#, #""Action":"dix""#], [#""Action":"destroy""#, #""Action":"destrox""#],
      ])
    let file = "services:\n  web: {image: founding/base}\n"
    try await withPod(
      on: engine, file, PodSettings(options: ["--relist-interval", "1s"]), through: fault
    ) { pod, _ in
      try await pod.running()
      try await engine.docker("rm", "-f", "\(pod.task)_web").output()
      let end = try await pod.ended(within: .seconds(30))
      #expect(end.message == "the container of service 'web' was removed by someone else", "\(end)")
    }
  }
}

extension RunningPod {
  /// The names of the pod's containers that were never started.
  func neverStarted() async throws -> [String] {
    try await engine.docker(
      "ps", "-a", "--filter", "label=mesos.container_id=\(run)", "--filter", "status=created",
      "--format", "{{.Names}}"
    ).output().split(separator: "\n").map { String($0.split(separator: ",")[0]) }
  }
}

/// Runs a pod that reaches its engine through a tap with one fault.
private func withPod(
  on engine: TestEngine, _ compose: String, _ settings: PodSettings = PodSettings(),
  through fault: EngineTap.Fault, _ body: (RunningPod, EngineTap) async throws -> Void
) async throws {
  try await EngineTap.with(engine, faults: [fault]) { tap in
    var settings = settings
    settings.environment["DOCKER_HOST"] = tap.dockerHost
    try await withPod(on: engine, compose, settings) { try await body($0, tap) }
  }
}
