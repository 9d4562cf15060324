import Foundation
import TestSupport
import Testing

/// Objects that a host's maintenance removes while a pod needs them: containers that don't run,
/// unused networks, volumes and images.
@Suite("An object that another client removes during a wait", .needsEngine, .throttled)
struct VanishedObjectTests {
  private static let one = Array(TestEngine.all.prefix(1))

  /// How a waiting service is connected to others.
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
    "before its start is created again, with its dependencies and the same labels",
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
      // Containers that were never started, then the objects that are unused without them, as
      // `docker system prune` does it.
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
      // No object lacks the pod's labels: Docker creates a missing volume again without labels.
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
    "that has exited and whose volumes are needed fails the pod with both names", arguments: one)
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
