import Foundation
import TestSupport
import Testing

/// Stops pods at random moments. SOAK_ROUNDS is their number, TEST_SEED repeats a run.
@Suite("Random stops", .needsEngine, .throttled)
struct SoakTests {
  private static let file = """
    services:
      base:
        image: founding/base
        ports: ["80:80"]
        networks: [inside]
        volumes: ["data:/data", "/scratch"]
      joined:
        image: founding/base
        network_mode: service:base
      flapping:
        image: pod-test/busybox
        restart: always
        networks: [inside]
        command: ["sh", "-c", "echo up; sleep 0.2"]
      checked:
        image: founding/base
        depends_on: [flapping]
        networks: [inside]
        healthcheck:
          test: ["CMD", "true"]
          interval: 300ms
      last:
        image: founding/base
        networks: [inside]
        depends_on:
          checked:
            condition: service_healthy
    networks:
      inside: {}
    volumes:
      data: {}
    """

  @Test("a pod that is stopped at any moment leaves no object", arguments: TestEngine.all)
  func anyMoment(on engine: TestEngine) async throws {
    let count = ProcessInfo.processInfo.environment["SOAK_ROUNDS"].flatMap { Int($0) } ?? 15
    var random = SeededGenerator(for: "soak on \(engine)")
    for round in 1...count {
      let moment = Duration.milliseconds(Int.random(in: 0...3000, using: &random))
      let again = Bool.random(using: &random)
      let ports = try FreePorts.take(1)
      try await withPod(
        on: engine, Self.file, PodSettings(ports: ports, options: ["--grace", "2s"])
      ) { pod in
        let start = ContinuousClock.now
        try await eventually("the moment") { .now - start >= moment }
        pod.send(SIGTERM)
        if again { pod.send(SIGINT) }
        let end = try await pod.ended(within: .seconds(300))
        // Without a signal handler yet, the executor is killed, and has created nothing.
        let isEarly = end.states.isEmpty
        #expect(
          end.status == .exited(130) || isEarly,
          "round \(round), seed \(random.seed), after \(moment): \(end)")
        #expect(end.states.last == "TASK_KILLED" || isEarly)
      }
    }
  }
}
