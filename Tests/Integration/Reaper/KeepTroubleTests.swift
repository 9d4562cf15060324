import Foundation
import PodIdentity
import TestSupport
import Testing

@Suite(
  "A dead executor's pod that can't be kept because the engine fails", .needsEngine,
  .throttled)
struct KeepTroubleTests {
  private static let file = """
    services:
      web:
        image: pod-test/busybox
        init: true
        command: [sleep, '1000']
        networks: [inside]
    networks: {inside: {}}
    """
  private static let rename = "POST /v[0-9.]+/containers/[0-9a-f]{64}/rename"
  private let options = ["--interval", "1s", "--grace", "0s", "--keep-failed-disk", "100"]

  /// Runs a pod that has to be kept and one that doesn't, kills both executors, and starts a
  /// service behind a gate.
  private func withCrashed(
    _ fault: EngineGate.Fault,
    _ body: (_ kept: RunningPod, _ leaked: RunningPod, EngineGate, ReaperService) async throws ->
      Void
  ) async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, Self.file, PodSettings(options: ["--keep-failed", "1h"])) {
        kept in
        try await withPod(on: engine, Self.file) { leaked in
          try await kept.running()
          try await leaked.running()
          try await kept.kill()
          try await leaked.kill()
          try await EngineGate.with(engine, fault, Self.rename) { gate in
            let site = ReaperSite(engine: engine, directory: site.directory, root: site.root)
            try await ReaperService.with(site, options, ["DOCKER_HOST": gate.dockerHost]) {
              service in try await body(kept, leaked, gate, service)
            }
          }
        }
      }
    }
  }

  private func names(of pod: RunningPod) async throws -> [String] {
    try await pod.engine.docker(
      "ps", "-a", "--filter", "label=mesos.container_id=\(pod.run)", "--format", "{{.Names}}"
    ).output().split(separator: "\n").map(String.init)
  }

  @Test("doesn't block the removal of another, and is kept as soon as the engine works")
  func hangs() async throws {
    try await withCrashed(.hangs) { kept, leaked, gate, _ in
      try await eventually("the other pod is removed") {
        try await Leftovers.of(run: leaked.run, on: leaked.engine).isEmpty
      }
      #expect(try await names(of: kept).count == 1)
      try gate.open()
      try await eventually("it is kept") {
        try await self.names(of: kept).allSatisfy { $0.hasPrefix("kept-") }
      }
      #expect(try await names(of: kept).count == 1)
      try await eventually("its network is removed") {
        try await Leftovers.of(run: kept.run, on: kept.engine).networks.isEmpty
      }
      _ = try await Command(
        BuiltProgram.composeExecutor, ["rm", kept.run],
        environment: ["DOCKER_HOST": kept.engine.dockerHost]
      ).output()
    }
  }

  @Test("is removed as a leaked one after three failed passes")
  func breaks() async throws {
    try await withCrashed(.breaks) { kept, leaked, _, service in
      for pod in [leaked, kept] {
        try await eventually("nothing is left") {
          try await Leftovers.of(run: pod.run, on: pod.engine).isEmpty
        }
      }
      let log = service.process.text(.stderr)
      #expect(log.components(separatedBy: "can't be kept now").count - 1 == 3, "\(log)")
      #expect(log.contains("it couldn't be kept: "), "\(log)")
    }
  }
}
