import Foundation
import TestSupport
import Testing

@Suite("Restart policies", .needsEngine, .throttled)
struct RestartTests {
  /// A service that counts its starts in a file that is kept between them, and exits with a code
  /// that can depend on the count.
  private func counting(policy: String, script: String) -> String {
    """
    services:
      steady:
        image: founding/base
      job:
        image: pod-test/busybox
        restart: \(policy)
        volumes: ["./counts:/counts"]
        command:
          - sh
          - -c
          - 'echo x >> /counts/starts; n=$$(wc -l < /counts/starts); echo start $$n; \(script)'
    """
  }

  @Test("no: a failure fails the pod", arguments: TestEngine.all)
  func never(on engine: TestEngine) async throws {
    let end = try await podEnd(on: engine, counting(policy: "'no'", script: "exit 3"))
    #expect(end.status == .exited(1))
    #expect(end.output(of: "job") == ["start 1"])
    #expect(end.message.contains("service 'job' exited with 3"))
  }

  @Test("on-failure:2 starts three times, then fails", arguments: TestEngine.all)
  func onFailureBounded(on engine: TestEngine) async throws {
    let end = try await podEnd(on: engine, counting(policy: "on-failure:2", script: "exit 4"))
    #expect(end.status == .exited(1))
    #expect(end.output(of: "job") == ["start 1", "start 2", "start 3"])
    #expect(end.message.contains("service 'job' exited with 4"))
  }

  @Test("on-failure starts again until the container exits with 0", arguments: TestEngine.all)
  func onFailure(on engine: TestEngine) async throws {
    let file = counting(policy: "on-failure", script: "[ $$n -ge 3 ] || exit 9; echo done")
    try await withPod(on: engine, file) { pod in
      try await pod.says("done", service: "job")
      #expect(pod.output(of: "job") == ["start 1", "start 2", "start 3", "done"])
      // The pod continues with the other service, and the job isn't started again.
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.states.last == "TASK_KILLED")
      #expect(end.output(of: "job") == ["start 1", "start 2", "start 3", "done"])
    }
  }

  @Test(
    "always and unless-stopped start again after an exit 0",
    arguments: TestEngine.all, ["always", "unless-stopped"])
  func always(on engine: TestEngine, policy: String) async throws {
    let file = counting(policy: policy, script: "[ $$n -ge 4 ] || exit 0; exec sleep 1000")
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "0s"])) { pod in
      try await pod.says("start 4", service: "job")
      try await pod.running()
      // A service that is being stopped isn't started again.
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(300))
      #expect(end.output(of: "job") == ["start 1", "start 2", "start 3", "start 4"])
    }
  }

  @Test(
    "the owner of a namespace restarts together with the services that joined it",
    arguments: TestEngine.all)
  func namespace(on engine: TestEngine) async throws {
    let file = """
      services:
        owner:
          image: pod-test/busybox
          restart: always
          volumes: ["./counts:/counts"]
          command:
            - sh
            - -c
            - 'echo x >> /counts/starts; echo up; n=$$(wc -l < /counts/starts);
              [ $$n -gt 1 ] || { while [ ! -e /counts/go ]; do sleep 0.05; done; exit 1; };
              trap "exit 0" TERM; sleep 1000 & wait'
        joined:
          image: pod-test/busybox
          network_mode: service:owner
          command: ["sh", "-c", "trap 'exit 0' TERM; readlink /proc/self/ns/net; sleep 1000 & wait"]
      """
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      try await eventually("the first network namespace") { pod.output(of: "joined").count == 1 }
      try pod.sandbox.write("counts/go", "")
      try await eventually("the second network namespace", within: .seconds(300)) {
        pod.output(of: "joined").count == 2
      }
      let containers = try await pod.containers()
      let owner = try #require(containers["owner"]).State.Pid
      let namespace = try await Command("readlink", ["/proc/\(owner)/ns/net"]).output()
      #expect(pod.output(of: "joined").last == namespace)
    }
  }

  @Test("a service that exits together with its namespace's owner starts after it")
  func endTogether() async throws {
    let engine = try #require(TestEngine.all.first)
    // The owner's second restart delay is longer than the first one of the other service.
    let file = """
      services:
        owner:
          image: pod-test/busybox
          restart: always
          volumes: [".:/box"]
          command: ["sh", "-c", "echo up; until [ -e /box/one ]; do sleep 0.05; done; rm /box/one; exit 1"]
        joined:
          image: pod-test/busybox
          restart: always
          network_mode: service:owner
          volumes: [".:/box"]
          stop_grace_period: 0s
          command: ["sh", "-c", "echo up; until [ -e /box/both ]; do sleep 0.05; done; rm /box/both; touch /box/one; exit 1"]
      """
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "0s"])) { pod in
      try await pod.running()
      try pod.sandbox.write("one", "")
      for starts in 2...3 {
        try await eventually("start \(starts) of both", within: .seconds(300)) {
          if pod.executor.status != nil { return true }
          return pod.output(of: "owner").count == starts
            && pod.output(of: "joined").count >= starts
        }
        if starts == 2 { try pod.sandbox.write("both", "") }
      }
      #expect(pod.executor.status == nil, "\(PodEnd(soFar: pod))")
    }
  }

  @Test("the output of a restarted service is logged, even if its earlier output was not read")
  func unread() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = counting(
      policy: "on-failure", script: "[ $$n -ge 2 ] || { seq 100000; exit 1; }; echo heard"
    ).replacing(
      "steady:\n    image: founding/base", with: "steady: {image: founding/base, scale: 0}")
    let settings = PodSettings(
      shell: #""$@" | { until [ -e go ]; do sleep 0.05; done; cat; }"#)
    try await withPod(on: engine, file, settings) { pod in
      try await pod.executor.line(containing: "the output of 'job' is not read", in: .stderr)
      try pod.sandbox.write("go", "")
      let end = try await pod.ended()
      #expect(end.states.last == "TASK_FINISHED", "\(end)")
      #expect(end.output(of: "job").suffix(2) == ["start 2", "heard"])
    }
  }
}
