import Foundation
import TestSupport
import Testing

extension OwnEngine {
  /// Moves the engine's network store away while the engine removes a container, which has the
  /// effect of a full disk: the endpoint is not removed.
  func leaveEndpoint(of container: String) async throws {
    let store = data + "/network/files/local-kv.db"
    try FileManager.default.moveItem(atPath: store, toPath: store + ".away")
    try FileManager.default.createDirectory(
      atPath: store, withIntermediateDirectories: false)
    let removal = try await engine.docker("rm", "-f", container).run(within: .seconds(100))
    try FileManager.default.removeItem(atPath: store)
    try FileManager.default.moveItem(atPath: store + ".away", toPath: store)
    #expect(removal.status == .exited(0), "\(removal)")
  }
}

@Suite(
  "Cleanup of a pod whose network has an endpoint without a container", .needsEngine, .throttled)
struct CleanupEndpointTests {
  private static let versions = TestEngine.all.map(\.cgroups)

  /// Leaves the endpoint while the executor is stopped, so that the cleanup can't begin while the
  /// store is missing.
  private func leaveEndpoint(of pod: RunningPod, _ own: OwnEngine) async throws {
    pod.send(SIGSTOP)
    defer { pod.send(SIGCONT) }
    try await own.leaveEndpoint(of: "\(pod.task)_web")
    let network = try #require(try await pod.networks().first).Name
    let refusal = try await own.engine.docker("network", "rm", network).run()
    #expect(refusal.stderr.contains("has active endpoints"), "\(refusal)")
  }

  @Test("disconnects the endpoint and removes the network", arguments: versions)
  func removed(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      try await withPod(on: own.engine, smallPod) { pod in
        try await pod.running()
        try await leaveEndpoint(of: pod, own)
        let end = try await pod.ended()
        // A busy engine reports the removal some time after the exit.
        let messages = [
          "the container of service 'web' was removed by someone else",
          "service 'web' was killed by SIGKILL (137)",
        ]
        #expect(messages.contains(end.message), "\(end)")
        #expect(try await pod.networks().isEmpty)
      }
    }
  }

  @Test(
    "keeps the endpoint of a foreign container, and names only that one", arguments: versions)
  func stranger(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      try await withPod(on: own.engine, smallPod) { pod in
        try await pod.running()
        let network = try #require(try await pod.networks().first).Name
        let stranger = try await own.engine.docker(
          "run", "-d", "--name", "it-stranger", "--network", network, "founding/base"
        ).output()
        try await leaveEndpoint(of: pod, own)
        let end = try await pod.ended()
        #expect(end.status == .exited(1), "\(end)")
        #expect(
          end.message.contains("used by container 'it-stranger' (\(stranger.prefix(12))), not of"),
          "\(end)")
        #expect(!end.message.contains("\(pod.task)_web"), "\(end)")
        let members = try await own.engine.docker(
          "network", "inspect", "--format", "{{range $k, $v := .Containers}}{{$k}} {{end}}", network
        ).output()
        #expect(members.trimmingCharacters(in: .whitespaces) == stranger)
        try await own.engine.docker("rm", "-f", "it-stranger").output()
        try await own.engine.docker("network", "rm", network).output()
      }
    }
  }
}
