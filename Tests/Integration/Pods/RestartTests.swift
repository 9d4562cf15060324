import Foundation
import TestSupport
import Testing

@Suite("Restart policies", .needsEngine, .throttled)
struct RestartTests {
  /// A service that counts its starts in a file that outlives it, and ends with a code that may depend on them.
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

  @Test("no: a failure is the pod's", arguments: TestEngine.all)
  func never(on engine: TestEngine) async throws {
    let end = try await podEnd(on: engine, counting(policy: "'no'", script: "exit 3"))
    #expect(end.status == .exited(1))
    #expect(end.output(of: "job") == ["start 1"])
    #expect(end.message.contains("service 'job' ended with 3"))
  }

  @Test("on-failure:2 starts three times and fails then", arguments: TestEngine.all)
  func onFailureBounded(on engine: TestEngine) async throws {
    let end = try await podEnd(on: engine, counting(policy: "on-failure:2", script: "exit 4"))
    #expect(end.status == .exited(1))
    #expect(end.output(of: "job") == ["start 1", "start 2", "start 3"])
    #expect(end.message.contains("service 'job' ended with 4"))
  }

  @Test("on-failure starts again until the container ends with 0", arguments: TestEngine.all)
  func onFailure(on engine: TestEngine) async throws {
    let file = counting(policy: "on-failure", script: "[ $$n -ge 3 ] || exit 9; echo done")
    try await withPod(on: engine, file) { pod in
      try await pod.says("done", service: "job")
      #expect(pod.output(of: "job") == ["start 1", "start 2", "start 3", "done"])
      // The pod goes on with the other service, and the job isn't started again.
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.states.last == "TASK_KILLED")
      #expect(end.output(of: "job") == ["start 1", "start 2", "start 3", "done"])
    }
  }

  @Test(
    "always and unless-stopped start again after 0",
    arguments: TestEngine.all, ["always", "unless-stopped"])
  func always(on engine: TestEngine, policy: String) async throws {
    let file = counting(policy: policy, script: "[ $$n -ge 4 ] || exit 0; exec sleep 1000")
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "0s"])) { pod in
      try await pod.says("start 4", service: "job")
      try await pod.running()
      // What is told to end isn't started again.
      pod.send(SIGTERM)
      let end = try await pod.ended(within: .seconds(120))
      #expect(end.output(of: "job") == ["start 1", "start 2", "start 3", "start 4"])
    }
  }

  @Test(
    "a restarted owner of a namespace takes those who joined it along",
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
      try await eventually("the second network namespace", within: .seconds(120)) {
        pod.output(of: "joined").count == 2
      }
      let containers = try await pod.containers()
      let owner = try #require(containers["owner"]).State.Pid
      let namespace = try await Command("readlink", ["/proc/\(owner)/ns/net"]).output()
      #expect(pod.output(of: "joined").last == namespace)
    }
  }

  @Test("who ends together with the owner of its namespace starts after it")
  func endTogether() async throws {
    let engine = try #require(TestEngine.all.first)
    // The owner's second wait is longer than the other's first.
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
        try await eventually("start \(starts) of both", within: .seconds(120)) {
          if pod.executor.status != nil { return true }
          return pod.output(of: "owner").count == starts
            && pod.output(of: "joined").count == starts
        }
        if starts == 2 { try pod.sandbox.write("both", "") }
      }
      #expect(pod.executor.status == nil, "\(PodEnd(soFar: pod))")
    }
  }

  @Test("what is started again is heard, even if nobody read what it wrote before")
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
