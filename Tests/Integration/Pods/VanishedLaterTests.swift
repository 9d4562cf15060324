import Foundation
import TestSupport
import Testing

@Suite("An object that another client removes after its start", .needsEngine, .throttled)
struct VanishedLaterTests {
  private static let one = Array(TestEngine.all.prefix(1))

  // MARK: After an exit

  @Test("as a completed service's container isn't needed anymore", arguments: one)
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

  @Test("as an exited container counts with its exit code", arguments: [0, 3])
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
      if code != 0 { #expect(end.message == "service 'web' exited with 3") }
    }
  }

  @Test("as a container that waits for its restart is created again", arguments: one)
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
      // The delays double: by now they are long enough for this.
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

  @Test("as an exited pre_start's container counts with its exit code", arguments: [0, 4])
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
    "as a running container fails the pod, whatever its restart policy",
    arguments: ["no", "always", "on-failure"])
  func running(policy: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let file = "services:\n  web: {image: founding/base, restart: \"\(policy)\"}\n"
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      // A busy engine reports the removal late: then it counts as an exit, after which the policy
      // applies, and the next container is removed.
      var removed: Set<String> = []
      try await eventually("the end", every: .milliseconds(100)) {
        if pod.executor.status != nil { return true }
        let ids = try await engine.docker("ps", "-q", "--filter", "name=\(pod.task)_web").output()
        for id in ids.split(separator: "\n").map(String.init) {
          if removed.insert(id).inserted { try await engine.docker("rm", "-f", id).run() }
        }
        return false
      }
      #expect(removed.count <= 3)
      let end = try await pod.ended()
      #expect(end.status == .exited(1))
      let messages =
        ["the container of service 'web' was removed by someone else"]
        + (policy == "no" ? ["service 'web' was killed by SIGKILL (137)"] : [])
      #expect(messages.contains(end.message), "\(end)")
    }
  }

  @Test("as a container's network connection causes a warning", arguments: one)
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
}
