import Foundation
import TestSupport
import Testing

@Suite(
  "A service in a namespace whose owner restarts, and that can't be stopped at first",
  .needsEngine, .throttled)
struct NamespaceStopTests {
  private static let file = """
    services:
      owner:
        image: pod-test/busybox
        restart: always
        volumes: [".:/box"]
        command: ["sh", "-c", "echo up; until [ -e /box/go ]; do sleep 0.05; done; rm /box/go; exit 1"]
      joined:
        image: pod-test/busybox
        network_mode: service:owner
        stop_grace_period: 1s
        command: ["sh", "-c", "trap 'exit 0' TERM; readlink /proc/self/ns/net; sleep 1000 & wait"]
    """

  private func withPod(
    _ fault: EngineTap.Fault, _ body: (RunningPod, EngineTap) async throws -> Void
  ) async throws {
    let engine = try #require(TestEngine.all.first)
    let settings = PodSettings(options: ["--grace", "1s"])
    try await Integration.withPod(on: engine, Self.file, settings, through: fault) { pod, tap in
      try await pod.running()
      try await eventually("the first namespace") { pod.output(of: "joined").count == 1 }
      try pod.sandbox.write("go", "")
      try await body(pod, tap)
    }
  }

  @Test(
    "gets the new namespace: its stop is retried, and a kill is the last resort", arguments: [2, 0])
  func again(times: Int) async throws {
    let refusal = EngineTap.Fault(
      request: "^POST /containers/[0-9a-f]+/stop", times: times, status: 500, message: "not now")
    try await withPod(refusal) { pod, tap in
      try await eventually("the second namespace", within: .seconds(300)) {
        pod.output(of: "joined").count == 2 || pod.executor.status != nil
      }
      let containers = try await pod.containers()
      let owner = try #require(containers["owner"]).State.Pid
      let namespace = try await Command("readlink", ["/proc/\(owner)/ns/net"]).output()
      #expect(pod.output(of: "joined").last == namespace)
      #expect(tap.injections.count >= 2)
    }
  }

  @Test("is stopped after the engine is available again")
  func afterOutage() async throws {
    let lost = EngineTap.Fault(
      request: "^POST /containers/[0-9a-f]+/stop", times: 1, losesResponse: true)
    try await withPod(lost) { pod, _ in
      try await eventually("the second namespace", within: .seconds(300)) {
        pod.output(of: "joined").count == 2 || pod.executor.status != nil
      }
      #expect(pod.executor.status == nil, "\(PodEnd(soFar: pod))")
    }
  }

  @Test("fails the pod with the engine's reason if it can't be killed either")
  func never() async throws {
    let refusal = EngineTap.Fault(
      request: "^POST /containers/[0-9a-f]+/(stop|kill)", status: 500, message: "not today")
    try await withPod(refusal) { pod, _ in
      let end = try await pod.ended()
      #expect(end.status == .exited(1), "\(end)")
      #expect(
        end.message == "compose.yaml:7:3: service 'joined' can't be stopped: not today", "\(end)")
    }
  }
}
