import DockerEngine
import Foundation
import Reaping
import Testing
import TestSupport

@Suite("Stops with faults that other executors had", .needsEngine, .throttled)
struct PeerFaultStopTests {
  /// A service that takes half a second to stop, and prints the host's uptime before and after.
  private static func service(_ name: String, _ keys: String...) -> String {
    let script =
      "trap 'read t _ < /proc/uptime; echo begins $$t; sleep 0.5; read t _ < /proc/uptime; "
      + "echo ends $$t; exit 0' TERM; echo up; while :; do sleep 0.1; done"
    return """
        \(name):
          image: pod-test/busybox
          command: ["sh", "-c", "\(script)"]

      """ + keys.map { "    \($0)\n" }.joined()
  }

  // https://github.com/aws/amazon-ecs-agent/issues/474
  @Test("dependents exit before their dependencies are stopped", arguments: TestEngine.all)
  func order(on engine: TestEngine) async throws {
    let file =
      "services:\n" + Self.service("store") + Self.service("queue", "depends_on: [store]")
      + Self.service("api", "depends_on: [store, queue]")
      + Self.service("joined", "network_mode: service:api")
      + Self.service("linked", "links: [api]") + Self.service("copies", "volumes_from: [queue]")
      + Self.service("apart")
    let waits = [
      ("queue", "store"), ("api", "store"), ("api", "queue"), ("joined", "api"), ("linked", "api"),
      ("copies", "queue"),
    ]
    let names = ["store", "queue", "api", "joined", "linked", "copies", "apart"]
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "30s"])) { pod in
      for name in names { try await pod.says("up", service: name) }
      try await pod.running()
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130), "\(end)")
      func time(_ word: String, _ name: String) throws -> Double {
        let lines = end.output(of: name).filter { $0.hasPrefix(word + " ") }
        #expect(lines.count == 1, "\(name): \(lines)")
        return try #require(lines.first.flatMap { Double($0.dropFirst(word.count + 1)) })
      }
      for (dependent, dependency) in waits {
        let (ends, begins) = (try time("ends", dependent), try time("begins", dependency))
        #expect(ends <= begins, "\(dependent) ends at \(ends), \(dependency) stops at \(begins)")
      }
      // A service without dependents is stopped at once, in parallel to the others.
      #expect(try time("begins", "apart") < time("begins", "store"))
    }
  }

  // https://github.com/hashicorp/nomad/issues/17023
  @Test("a stop may take longer than any other request of the same client")
  func longStop() async throws {
    let engine = try #require(TestEngine.all.first)
    let api = DockerEngine(endpoint: .unix(path: engine.socket), requestTimeout: .seconds(2))
    var body = ContainerCreate(image: "pod-test/busybox")
    body.cmd = ["sh", "-c", "trap 'sleep 5; exit 7' TERM; echo up; while :; do sleep 0.1; done"]
    let id = try await engine.docker(
      ["create", "pod-test/busybox"] + (body.cmd ?? [])
    ).output()
    do {
      try await engine.docker("start", id).output()
      try await eventually("it is up") { try await engine.docker("logs", id).output() == "up" }
      let clock = ContinuousClock.now
      async let code = api.waitContainer(id)
      try await api.stopContainer(id, timeout: 600)
      #expect(ContinuousClock.now - clock >= .seconds(5))
      #expect(try await code == 7)
    } catch {
      try await engine.docker("rm", "-f", id).output()
      throw error
    }
    try await engine.docker("rm", "-f", id).output()
  }

  @Test("a grace above five minutes is sent to the engine unchanged", arguments: ["350s", "2h"])
  func longGrace(grace: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let watch = EngineTap.Fault(request: "^POST /containers/[0-9a-f]+/stop")
    try await withReaperSite(on: engine) { site in
      try await withForged([.forged()], on: engine) { pods in
        try await pods[0].container(starts: true) { $0.stopTimeout = 9000 }
        try await EngineTap.with(engine, faults: [watch]) { tap in
          let tapped = ReaperSite(
            engine: TestEngine(socket: tap.sockets[0], cgroups: engine.cgroups),
            directory: site.directory, root: site.root)
          let end = try await tapped.once("--stop-timeout", grace)
          #expect(end.status == .exited(0), "\(end)")
          let seconds = grace == "2h" ? 7200 : 350
          #expect(tap.injections.count == 1)
          #expect(tap.injections.allSatisfy { $0.hasSuffix("t=\(seconds)") }, "\(tap.injections)")
        }
      }
    }
  }

  @Test("the executor kills no container that stops within a grace of ten minutes")
  func longGracePeriod() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        slow:
          image: pod-test/busybox
          stop_grace_period: 10m
          command: ["sh", "-c", "trap 'sleep 5; echo done; exit 0' TERM; echo up; while :; do sleep 0.1; done"]
      """
    let watch = EngineTap.Fault(request: "^(DELETE /containers/|POST /containers/[0-9a-f]+/kill)")
    try await EngineTap.with(engine, faults: [watch]) { tap in
      let settings = PodSettings(environment: ["DOCKER_HOST": tap.dockerHost])
      try await withPod(on: engine, file, settings) { pod in
        try await pod.says("up", service: "slow")
        try await pod.running()
        pod.send(SIGTERM)
        let end = try await pod.ended()
        #expect(end.status == .exited(130), "\(end)")
        #expect(end.output(of: "slow").last == "done")
        let kills = tap.injections.filter { $0.contains("/kill") }
        #expect(kills.count == 1 && kills[0].hasSuffix("signal=SIGTERM"), "\(kills)")
      }
    }
  }
}
