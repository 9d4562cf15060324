import Foundation
import TestSupport
import Testing

/// Containers that exit at the same time: one of them is the cause of the others.
@Suite("The reported cause of a failure", .needsEngine, .throttled)
struct FirstCauseTests {
  @Test(
    "is the exit of the infrastructure container, whatever the services do because of it",
    arguments: ["net", "pid", "net,pid"], ["kill", "stop -t 0", "rm -f"])
  func infra(share: String, how: String) async throws {
    let engine = try #require(TestEngine.all.first)
    // Some services exit with it with code 0, some fail, some continue.
    let file = """
      services:
        stays: {image: pod-test/busybox, command: [sleep, "1000"], stop_signal: SIGKILL}
        done:
          image: pod-test/busybox
          volumes: [".:/box"]
          command: [sh, -c, "until [ -e /box/go ]; do sleep 0.01; done"]
        fails:
          image: pod-test/busybox
          volumes: [".:/box"]
          command: [sh, -c, "until [ -e /box/go ]; do sleep 0.01; done; exit 7"]
      """
    for _ in 1...3 {
      try await withPod(on: engine, file, PodSettings(options: ["--share", share])) { pod in
        try await pod.running()
        try await engine.docker(how.split(separator: " ").map(String.init) + ["\(pod.task)_infra"])
          .output()
        try pod.sandbox.write("go", "")
        let end = try await pod.ended()
        #expect(end.status == .exited(1), "\(end)")
        #expect(end.message.contains("infrastructure container"), "\(end)")
      }
    }
  }

  @Test("is absent if all services exit before the infrastructure container")
  func finished() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = "services: {web: {image: pod-test/busybox, command: ['true']}}"
    let end = try await podEnd(on: engine, file, PodSettings(options: ["--share", "net,pid"]))
    #expect(end.message == "all containers exited with 0", "\(end)")
    #expect(end.status == .exited(0))
  }

  @Test(
    "is the exit of a process namespace's owner, not of the containers that die with it",
    arguments: [1, 3])
  func processes(degree: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    let joined = (1...degree).map { number in
      let owner = number == 1 ? "owner" : "j\(number - 1)"
      return
        "  j\(number): {image: pod-test/busybox, command: [sleep, '1000'], pid: 'service:\(owner)'}"
    }
    func file(_ restart: String) -> String {
      """
      services:
        owner:
          image: pod-test/busybox
          restart: \(restart)
          volumes: [".:/box"]
          command:
            - sh
            - -c
            - 'if [ -e /box/again ]; then echo again; exec sleep 1000; fi;
              until [ -e /box/go ]; do sleep 0.02; done; touch /box/again; exit 3'
          stop_signal: SIGKILL
      \(joined.joined(separator: "\n"))
      """
    }
    for _ in 1...3 {
      try await withPod(on: engine, file("'no'")) { pod in
        try await pod.running()
        try pod.sandbox.write("go", "")
        let end = try await pod.ended()
        #expect(end.message == "service 'owner' exited with 3", "\(end)")
      }
      // The group starts again; the policy `no` of the joined services is not applied.
      try await withPod(on: engine, file("on-failure"), PodSettings(options: ["--grace", "0s"])) {
        pod in
        try await pod.running()
        try pod.sandbox.write("go", "")
        try await pod.says("again", service: "owner")
        for number in 1...degree {
          try await eventually("j\(number) runs again") {
            let state = try await engine.docker(
              "inspect", "--format", "{{.State.Running}}", "\(pod.task)_j\(number)"
            ).run()
            return state.stdout.hasPrefix("true")
          }
        }
        pod.send(SIGTERM)
        let end = try await pod.ended()
        #expect(end.status == .exited(130), "\(end)")
      }
    }
  }

  @Test(
    "is absent if the owner of a process namespace exits with 0",
    arguments: ["'no'", "always", "on-failure"])
  func done(restart: String) async throws {
    let file = """
      services:
        owner:
          image: pod-test/busybox
          volumes: [".:/box"]
          command: [sh, -c, "until [ -e /box/go ]; do sleep 0.02; done"]
        j1: {image: pod-test/busybox, command: [sleep, "1000"], pid: 'service:owner', restart: \(restart)}
        j2: {image: pod-test/busybox, command: [sleep, "1000"], pid: 'service:j1', restart: \(restart)}
      """
    try await withPod(on: try #require(TestEngine.all.first), file) { pod in
      try await pod.running()
      try pod.sandbox.write("go", "")
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
    }
  }

  @Test("of a refused start can be an owner's exit that the engine hasn't recorded yet")
  func lateReport() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        owner:
          image: pod-test/busybox
          restart: always
          command: [sleep, "1000"]
          stop_signal: SIGKILL
        gate:
          image: pod-test/busybox
          command: [sleep, "1000"]
          stop_signal: SIGKILL
          volumes: [".:/box"]
          healthcheck: {test: [CMD, test, -e, /box/go], interval: 0.2s, retries: 1000}
        joined:
          image: pod-test/busybox
          command: [sleep, "1000"]
          pid: service:owner
          depends_on: {gate: {condition: service_healthy}}
      """
    try await withPod(on: engine, file, PodSettings(options: ["--grace", "0s"])) { pod in
      func inspect(_ format: String, _ service: String) async throws -> String {
        try await engine.docker("inspect", "--format", format, "\(pod.task)_\(service)").run()
          .stdout
          .trimmingCharacters(in: .whitespacesAndNewlines)
      }
      try await eventually("all are made") {
        let states = [
          try await inspect("{{.State.Running}}", "owner"),
          try await inspect("{{.State.Running}}", "gate"),
          try await inspect("{{.State.Status}}", "joined"),
        ]
        return states == ["true", "true", "created"]
      }
      let owner = try #require(pid_t(try await inspect("{{.State.Pid}}", "owner")))
      let stat = try String(contentsOfFile: "/proc/\(owner)/stat", encoding: .utf8)
      let shim = try #require(pid_t(stat.split(separator: " ")[3]))
      // The shim, which reports the exit to the engine, is stopped.
      #expect(kill(shim, SIGSTOP) == 0)
      defer { kill(shim, SIGCONT) }
      #expect(kill(owner, SIGKILL) == 0)
      try pod.sandbox.write("go", "")
      try await eventually("a refused start") {
        try await inspect("{{.State.Error}}", "joined") != ""
      }
      kill(shim, SIGCONT)
      try await pod.running()
      #expect(try await inspect("{{.State.Running}}", "joined") == "true")
      pod.send(SIGTERM)
      #expect(try await pod.ended().status == .exited(130))
    }
  }
}
