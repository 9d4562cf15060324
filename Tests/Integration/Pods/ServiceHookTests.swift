import Foundation
import TestSupport
import Testing

@Suite("Hooks of a service", .needsEngine, .throttled)
struct ServiceHookTests {
  @Test(
    "run in its lifecycle: pre_start in its own container, the others in the service's",
    arguments: TestEngine.all)
  func life(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: ["sh", "-c", 'cat /kept/made; trap "exit 0" TERM; sleep 1000 & wait']
          environment: {WHO: service}
          volumes: [kept:/kept]
          pre_start:
            - command: ["sh", "-c", "echo made by $$WHO $$ITS > /kept/made; echo prepared"]
              environment: {WHO: pre_start}
              env_file: [hook.env]
          post_start:
            - command: ["sh", "-c", "echo $$(id -u) in $$(pwd) for $$WHO; sleep 1; touch /kept/ready"]
              working_dir: /tmp
              environment: {WHO: hook}
            - {command: ["id", "-un"], user: nobody}
          pre_stop:
            - {command: ["sh", "-c", "echo leaving"]}
        after:
          image: pod-test/busybox
          command: ["sh", "-c", "ls /kept; sleep 1000"]
          volumes: [kept:/kept]
          depends_on: [web]
          stop_signal: KILL
      volumes: {kept: {}}
      """
    let settings = PodSettings(files: ["hook.env": "ITS=itself\nWHO=nobody\n"])
    try await withPod(on: engine, file, settings) { pod in
      try await pod.running()
      try await pod.says("made by pre_start itself", service: "web")
      try await pod.says("ready", service: "after")
      #expect(pod.output(of: "web pre_start ->") == ["prepared"])
      #expect(pod.output(of: "web ->") == ["0 in /tmp for hook", "nobody"])
      #expect(try await pod.services() == ["after", "web"])
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130), "\(end)")
      #expect(end.output(of: "web ->").last == "leaving")
    }
  }

  @Test("fail the pod with line and last output", arguments: ["pre_start", "post_start"])
  func failure(kind: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: ["sleep", "1000"]
          stop_signal: KILL
          \(kind):
            - {command: ["true"]}
            - {command: ["sh", "-c", "echo so far so good; echo no luck >&2; exit 3"]}
            - {command: ["sh", "-c", "echo never"]}
      """
    let end = try await podEnd(on: engine, file)
    #expect(end.status == .exited(1), "\(end)")
    #expect(
      end.message == "compose.yaml:8:9: the \(kind) of service 'web' exited with 3: no luck")
    #expect(!end.stdout.contains { $0.contains("never") })
  }

  @Test("run only at the first start, not after a restart by the policy")
  func restarted() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: ["sh", "-c", "[ -e /box/again ] && echo again && exec sleep 1000; until [ -e /box/go ]; do sleep 0.05; done; touch /box/again; exit 1"]
          volumes: [".:/box"]
          restart: on-failure
          stop_signal: KILL
          pre_start: [{command: ["echo", "before"]}]
          post_start: [{command: ["sh", "-c", "echo after; touch /box/go"]}]
      """
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      try await pod.says("again", service: "web")
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.output(of: "web pre_start ->") == ["before"], "\(end)")
      #expect(end.output(of: "web ->") == ["after"], "\(end)")
    }
  }

  @Test("are awaited until they exit, even if they close their output long before")
  func silent() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: ["sleep", "1000"]
          stop_signal: KILL
          post_start:
            - {command: ["sh", "-c", "exec >/dev/null 2>&1; sleep 11; exit 3"]}
      """
    let end = try await podEnd(on: engine, file)
    #expect(end.message == "compose.yaml:7:9: the post_start of service 'web' exited with 3")
  }

  @Test("that take too long are named when the pod isn't running in time")
  func slow() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: founding/base
          post_start:
            - {command: ["sleep", "1000"]}
      """
    let end = try await podEnd(on: engine, file, PodSettings(options: ["--launch-timeout", "20s"]))
    #expect(end.status == .exited(1), "\(end)")
    #expect(end.message == "not running within 20 s: the post_start of 'web' is not complete")
  }

  @Test(
    "that fail or hang while the pod stops don't prevent any stop",
    arguments: ["exit 3", "sleep 1000"])
  func stop(command: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: founding/base
          pre_stop:
            - {command: ["sh", "-c", "\(command)"]}
      """
    let settings = PodSettings(options: ["--grace", "2s"])
    try await withPod(on: engine, file, settings) { pod in
      try await pod.running()
      pod.send(SIGTERM)
      #expect(try await pod.ended().status == .exited(130))
    }
  }

  @Test(
    "that run when the pod fails are removed, even if the executor has its own pid namespace"
  )
  func namespace() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: founding/base
          pre_start:
            - {command: ["sleep", "1000"]}
        other: {image: pod-test/busybox, command: ["sh", "-c", "sleep 3; exit 4"]}
      """
    let settings = PodSettings(
      shell: "exec unshare --pid --mount-proc --fork --kill-child \"$@\"")
    let end = try await podEnd(on: engine, file, settings)
    #expect(end.message == "service 'other' exited with 4", "\(end)")
  }

  @Test("such as post_start stop with their container without an error")
  func goesDown() async throws {
    // Ten of them at once: the engine reports the command's exit before the container's exit.
    let services = (1...10).map { number in
      """
        s\(number):
          image: pod-test/busybox
          init: \(number % 2 == 0)
          command: [sleep, "0.\(number)"]
          post_start: [{command: [sleep, "5"]}]
      """
    }
    let file = "services:\n" + services.joined(separator: "\n")
    let end = try await podEnd(on: try #require(TestEngine.all.first), file)
    #expect(end.message == "all containers exited with 0", "\(end)")
    #expect(end.status == .exited(0))
  }
}
