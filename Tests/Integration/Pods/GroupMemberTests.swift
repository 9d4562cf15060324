import Foundation
import TestSupport
import Testing

/// One service of a group of services that restart together.
@Suite("A service that is restarted with another", .needsEngine, .throttled)
struct GroupMemberTests {
  private func log(of pod: RunningPod) throws -> [String] {
    try String(contentsOfFile: pod.sandbox.path("log"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  private func grace(_ time: String) -> PodSettings { PodSettings(options: ["--grace", time]) }

  @Test("gets its stop signal once, even if its stop_grace_period has a fraction of a second")
  func once() async throws {
    let file = GroupFile.of(
      """
        j1:
          image: pod-test/busybox
          network_mode: 'service:owner'
          stop_grace_period: 2500ms
          volumes: [".:/box"]
          command:
            - sh
            - -c
            - 'trap "echo j1 told >>/box/log" TERM; echo j1 starts >>/box/log; echo up; while :; do :; done'
      """)
    try await withPod(on: try #require(TestEngine.all.first), file, grace("0s")) { pod in
      try await pod.running()
      try await pod.says("up", service: "j1")
      try pod.sandbox.write("go", "")
      try await pod.says("again", service: "owner")
      try await eventually("j1's second start") {
        try log(of: pod).filter { $0 == "j1 starts" }.count == 2
      }
      #expect(try log(of: pod).filter { $0 == "j1 told" }.count == 1)
    }
  }

  @Test("isn't unhealthy while it is being stopped, whatever its check reports")
  func unhealthy() async throws {
    let file = GroupFile.of(
      """
        web:
          image: pod-test/busybox
          depends_on: {owner: {condition: service_started, restart: true}}
          volumes: [".:/box"]
          stop_grace_period: 8s
          healthcheck: {test: [CMD, test, '!', -e, /box/told], interval: 0.2s, retries: 1}
          command:
            - sh
            - -c
            - 'trap "touch /box/told; sleep 3; rm /box/told; exit 0" TERM; echo up; while :; do sleep 0.05; done'
      """)
    try await withPod(on: try #require(TestEngine.all.first), file, grace("0s")) { pod in
      try await pod.running()
      try pod.sandbox.write("go", "")
      try await pod.says("again", service: "owner")
      try await eventually("web's second start") { pod.output(of: "web").count == 2 }
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130), "\(end)")
    }
  }

  @Test(
    "has its own policy if it exited by itself, whatever exits after it",
    arguments: [(137, "was killed by SIGKILL (137)"), (4, "exited with 4")])
  func ownExit(code: Int, words: String) async throws {
    // It takes a moment to find out whether 137 was an out-of-memory kill. The owner would be back
    // by then.
    let file = GroupFile.of(
      """
        j1:
          image: pod-test/busybox
          network_mode: service:owner
          volumes: [".:/box"]
          command: [sh, -c, 'until [ -e /box/go ]; do sleep 0.01; done; exit \(code)']
      """)
    try await withPod(on: try #require(TestEngine.all.first), file, grace("0s")) { pod in
      try await pod.running()
      try pod.sandbox.write("go", "")
      let end = try await pod.ended()
      #expect(end.status == .exited(1), "\(end)")
      #expect(end.message == "service 'j1' \(words)", "\(end)")
    }
  }
}
