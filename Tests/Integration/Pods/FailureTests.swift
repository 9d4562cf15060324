import Foundation
import TestSupport
import Testing

@Suite("A pod that fails", .needsEngine, .throttled)
struct FailureTests {
  @Test("names the service, its exit code and its last lines of output", arguments: TestEngine.all)
  func exitCode(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine,
      """
      services:
        steady:
          image: founding/base
        broken:
          image: pod-test/busybox
          command: ["sh", "-c", "echo on stdout; echo first >&2; echo can\\\\'t find my keys >&2; exit 7"]
      """)
    #expect(end.status == .exited(1), "\(end)")
    #expect(end.states.last == "TASK_FAILED")
    #expect(end.message == "service 'broken' exited with 7: first / can't find my keys")
  }

  @Test("names the signal that killed a container", arguments: TestEngine.all)
  func signal(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: founding/base
      """
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      try await engine.docker("kill", "--signal", "KILL", "\(pod.task)_web").output()
      let end = try await pod.ended()
      #expect(end.status == .exited(1))
      #expect(end.message == "service 'web' was killed by SIGKILL (137)")
    }
  }

  @Test("names memory as the reason for a killed container", .needs("memory", on: .v1))
  func memoryV1() async throws { try await memory(on: #require(TestEngine.v1)) }

  @Test("names memory as the reason for a killed container (cgroup v2)", .needs("memory", on: .v2))
  func memoryV2() async throws { try await memory(on: #require(TestEngine.v2)) }

  private func memory(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine,
      """
      services:
        steady:
          image: founding/base
        hungry:
          image: pod-test/busybox
          restart: always
          mem_limit: 16m
          memswap_limit: 16m
          command: ["tail", "/dev/zero"]
      """)
    #expect(end.status == .exited(1))
    #expect(end.states.last == "TASK_FAILED")
    #expect(end.message.contains("service 'hungry' was killed for memory"), "\(end)")
    #expect(end.message.contains("compose.yaml:7:"))
    #expect(end.message.contains("limit 16777216 bytes)"), "\(end)")
    #expect(end.message.contains("; hint: raise the limit"), "\(end)")
  }

  @Test("doesn't run within the launch timeout", arguments: TestEngine.all)
  func launchTimeout(on engine: TestEngine) async throws {
    let file = """
      services:
        slow:
          image: founding/base
          healthcheck:
            test: ["CMD", "false"]
            interval: 1s
            retries: 1000
        after:
          image: founding/base
          depends_on:
            slow:
              condition: service_healthy
      """
    // A busy machine starts the container within 20 s.
    let settings = PodSettings(options: ["--launch-timeout", "20s"])
    let end = try await podEnd(on: engine, file, settings)
    #expect(end.status == .exited(1))
    #expect(
      end.message
        == "not running within 20 s: 'slow' is not healthy, 'after' is not started", "\(end)")
  }

  @Test("pulls longer than the launch timeout", arguments: TestEngine.all)
  func pullTimeout(on engine: TestEngine) async throws {
    let registry = try FalseRegistry(.stalls)
    let file = "services:\n  late:\n    image: \(registry.image("late"))\n"
    let end = try await podEnd(
      on: engine, file, PodSettings(options: ["--launch-timeout", "2s"]), within: .seconds(300))
    #expect(end.status == .exited(1))
    #expect(end.message.hasPrefix("not running within 2 s"))
    withExtendedLifetime(registry) {}
  }

  @Test("loses a container that another client removes", arguments: TestEngine.all)
  func removed(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: founding/base
        other:
          image: founding/base
      """
    try await withPod(on: engine, file) { pod in
      try await pod.running()
      try await engine.docker("rm", "-f", "\(pod.task)_web").output()
      let end = try await pod.ended()
      #expect(end.status == .exited(1))
      #expect(end.message.contains("'web'"))
    }
  }

  @Test("can't start a program that the image doesn't have", arguments: TestEngine.all)
  func noSuchCommand(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine,
      "services:\n  web:\n    image: pod-test/busybox\n    command: [no-such-program]\n")
    #expect(end.status == .exited(1))
    #expect(end.message.hasPrefix("compose.yaml:4:5: service 'web' can't be started"))
    #expect(end.message.contains("no-such-program"))
  }
}
