import Foundation
import TestSupport
import Testing

@Suite("Health and completion conditions", .needsEngine, .throttled)
struct HealthTests {
  @Test("a dependent of a healthy service starts once it is healthy", arguments: TestEngine.all)
  func healthy(on engine: TestEngine) async throws {
    let file = """
      services:
        store:
          image: pod-test/busybox
          volumes: ["./gate:/gate"]
          command: ["sh", "-c", "trap 'exit 0' TERM; echo up; sleep 1000 & wait"]
          healthcheck:
            test: test -e /gate/open
            interval: 300ms
            retries: 1000
        web:
          image: pod-test/busybox
          command: ["sh", "-c", "trap 'exit 0' TERM; echo up; sleep 1000 & wait"]
          depends_on:
            store:
              condition: service_healthy
      """
    try await withPod(on: engine, file) { pod in
      try await pod.says("up", service: "store")
      try await eventually("a failed check") {
        try await !engine.docker(
          "inspect", "--format", "{{with .State.Health}}{{len .Log}}{{end}}", "\(pod.task)_store"
        ).output().hasPrefix("0")
      }
      #expect(pod.output(of: "web").isEmpty)
      #expect(!pod.executor.lines().contains { $0.contains("TASK_RUNNING") })
      try pod.sandbox.write("gate/open", "")
      try await pod.says("up", service: "web")
      try await pod.running()
    }
  }

  @Test("a dependent of a completed service starts after its exit 0", arguments: TestEngine.all)
  func completed(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          volumes: ["./shared:/shared"]
          command: ["cat", "/shared/schema"]
          depends_on:
            migrate:
              condition: service_completed_successfully
        migrate:
          image: pod-test/busybox
          volumes: ["./shared:/shared"]
          command: ["sh", "-c", "sleep 0.5; echo version 2 > /shared/schema"]
      """
    let end = try await podEnd(on: engine, file)
    #expect(end.status == .exited(0), "\(end)")
    #expect(end.output(of: "web") == ["version 2"])
  }

  @Test("a service that has to complete and fails, fails the pod", arguments: TestEngine.all)
  func notCompleted(on engine: TestEngine) async throws {
    let file = """
      services:
        migrate:
          image: pod-test/busybox
          command: ["sh", "-c", "echo no database >&2; exit 5"]
        web:
          image: pod-test/busybox
          command: ["echo", "never"]
          depends_on:
            migrate:
              condition: service_completed_successfully
      """
    let end = try await podEnd(on: engine, file)
    #expect(end.status == .exited(1))
    #expect(end.message.contains("migrate") && end.message.contains("5"), "\(end)")
    #expect(end.output(of: "web").isEmpty)
    #expect(end.states == ["TASK_STARTING", "TASK_FAILED"])
  }

  @Test("an unhealthy service fails the pod with its check's output", arguments: TestEngine.all)
  func unhealthy(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: founding/base
          restart: always
          healthcheck:
            test: ["CMD-SHELL", "echo the cupboard is bare; exit 1"]
            interval: 300ms
            retries: 2
      """
    let end = try await podEnd(on: engine, file)
    #expect(end.status == .exited(1))
    #expect(
      end.message
        == "service 'web' is unhealthy: the cupboard is bare (the check exited with 1)", "\(end)")
  }

  @Test("service_healthy of a service without a check is refused", arguments: TestEngine.all)
  func noCheck(on engine: TestEngine) async throws {
    let file = """
      services:
        store:
          image: founding/base
        web:
          image: founding/base
          depends_on:
            store:
              condition: service_healthy
      """
    let end = try await podEnd(on: engine, file, within: .seconds(300))
    #expect(end.status == .exited(1))
    #expect(end.message.contains("has no healthcheck"))
    #expect(end.message.hasPrefix("compose.yaml:"))
  }
}
