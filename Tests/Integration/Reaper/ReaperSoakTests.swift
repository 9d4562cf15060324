import Foundation
import Reaping
import Testing
import TestSupport

/// Kills executors at random moments. SOAK_COUNT (or SOAK_ROUNDS) is their number, TEST_SEED (or
/// SOAK_SEED) repeats a run.
@Suite("Random kills with pod-reaper", .needsEngine)
struct ReaperSoakTests {
  private static let file = """
    services:
      base:
        image: founding/base
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
      last:
        image: founding/base
        networks: [inside]
        depends_on: [base]
    networks:
      inside: {}
    volumes:
      data: {}
    """

  /// The time of the kill, and of SIGTERM before it.
  private struct Moment: Sendable, CustomStringConvertible {
    var kill: Duration
    var term: Duration?
    var description: String {
      "killed after \(kill)" + (term.map { ", told to end after \($0)" } ?? "")
    }

    init(_ random: inout SeededGenerator) {
      kill = .milliseconds(Int.random(in: 0...2500, using: &random))
      if Bool.random(using: &random) {
        term = kill
        kill += .milliseconds(Int.random(in: 0...600, using: &random))
      }
    }
  }

  @Test(
    "the pod of an executor killed at any moment is removed, and a running pod is kept",
    arguments: TestEngine.all)
  func anyMoment(on engine: TestEngine) async throws {
    let environment = ProcessInfo.processInfo.environment
    var count = (environment["SOAK_COUNT"] ?? environment["SOAK_ROUNDS"]).flatMap { Int($0) } ?? 15
    var random =
      environment["SOAK_SEED"].flatMap { UInt64($0) }.map { SeededGenerator(seed: $0) }
      ?? SeededGenerator(for: "soak of pod-reaper on \(engine)")
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, fullPod) { living in
        try await living.running()
        let before = try await living.untouched()
        while count > 0 {
          let moments = (0..<min(5, count)).map { _ in Moment(&random) }
          count -= moments.count
          try await round(moments, site)
          let after = try await living.untouched()
          #expect(after == before, "seed \(random.seed), \(moments)")
        }
        #expect(living.executor.status == nil)
      }
    }
  }

  private func round(_ moments: [Moment], _ site: ReaperSite) async throws {
    try await withPods(moments.count, on: site.engine) { pods in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (pod, moment) in zip(pods, moments) {
          group.addTask {
            let start = ContinuousClock.now
            if let term = moment.term {
              try await eventually("the moment") { .now - start >= term }
              pod.send(SIGTERM)
            }
            try await eventually("the moment") { .now - start >= moment.kill }
            pod.send(SIGKILL)
            try await pod.executor.exit(within: .seconds(300))
          }
        }
        try await group.waitForAll()
      }
      // Without a daemon, objects that a busy engine completes later than a second after the pass
      // are not detected. An executor that is killed after its last object and before its cgroup
      // leaves a directory that only the cgroup root shows.
      var more: [String] = []
      try await eventually("nothing is left of \(moments)", within: .seconds(180)) {
        let end = try await site.once(more)
        more = ["--cgroup-roots", "compose-pods", "--grace", "1s"]
        #expect(end.status == .exited(0), "\(moments): \(end)")
        var isEmpty = true
        for pod in pods {
          isEmpty = try await Leftovers.of(run: pod.run, on: site.engine).isEmpty && isEmpty
        }
        return isEmpty
      }
    }
  }

  private func withPods(
    _ count: Int, on engine: TestEngine, _ pods: [RunningPod] = [],
    _ body: ([RunningPod]) async throws -> Void
  ) async throws {
    if pods.count == count { return try await body(pods) }
    try await withPod(on: engine, Self.file, PodSettings(options: ["--grace", "1s"])) { pod in
      try await withPods(count, on: engine, pods + [pod], body)
    }
  }
}
