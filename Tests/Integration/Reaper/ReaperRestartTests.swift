import Foundation
import TestSupport
import Testing

@Suite("Restarts of services", .needsEngine, .throttled)
struct ReaperRestartTests {
  private static let file = """
    services:
      web:
        image: pod-test/busybox
        command: [sh, -c, "echo start >> /marks/starts; [ $$(wc -l < /marks/starts) -gt 3 ] && exec sleep 1000; exit 1"]
        restart: on-failure
        volumes: ["./marks:/marks"]
        stop_grace_period: 0s
      ship: {image: pod-test/busybox, command: [sleep, "1000"], stop_grace_period: 0s, x-pod: {role: sidecar}}
    """

  /// The pod restarts its service three times. The reaper that counts them is killed meanwhile, and
  /// started again.
  @Test(
    "are counted in the reaper's metrics across its own restarts, and in ps with the roles",
    arguments: TestEngine.all)
  func metrics(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let options = ["--grace", "5m", "--interval", "1s", "--metrics", site.metricsSocket]
      func restarts(_ pod: RunningPod) async throws -> Double? {
        let name = "pod_reaper_pod_restarts_total{task=\"\(pod.task)\",run=\"\(pod.run)\"}"
        return try await site.metrics()[name]
      }
      let settings = PodSettings(environment: site.leaseEnvironment, files: ["marks/.keep": ""])
      try await withPod(on: engine, Self.file, settings) { pod in
        for _ in 1...2 {
          try await ReaperService.with(site, options) { _ in
            try await eventually("three restarts in the metrics") {
              try await restarts(pod) == 3
            }
            let metrics = try await site.metrics()
            let labels = "task=\"\(pod.task)\",run=\"\(pod.run)\""
            #expect(metrics["pod_reaper_pod_exits_total{\(labels),result=\"failure\"}"] == 3)
            #expect(metrics["pod_reaper_pod_exits_total{\(labels),result=\"success\"}"] == 0)
            #expect(metrics["pod_reaper_pod_launch_seconds{\(labels)}"] ?? 0 > 0)
            try await eventually("two running services") {
              try await site.metrics()["pod_reaper_pod_services{\(labels),state=\"running\"}"] == 2
            }
          }
        }
        let table = try await Command(
          BuiltProgram.composeExecutor, ["ps", pod.task],
          environment: ["DOCKER_HOST": "unix://\(engine.socket)"]
        ).output().split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let role = try #require(table.first?.firstIndex(of: "ROLE"))
        let restarts = try #require(table.first?.firstIndex(of: "RESTARTS"))
        let rows = Dictionary(uniqueKeysWithValues: table.dropFirst().map { ($0[0], $0) })
        #expect(rows["web"]?[role] == "main" && rows["ship"]?[role] == "sidecar", "\(table)")
        #expect(rows["web"]?[restarts] == "3" && rows["ship"]?[restarts] == "0", "\(table)")
      }
    }
  }
}
