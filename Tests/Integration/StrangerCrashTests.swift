import Foundation
import TestSupport
import Testing

@Suite("An engine that dies at the worst moment", .needsEngine, .throttled)
struct StrangerCrashTests {
  private static let file = """
    services:
      web:
        image: founding/base
        restart: always

    """

  /// containerd has the task by then, and dockerd has not saved that it runs: that container can never be started
  /// again ("task …: already exists").
  @Test(
    "killed in the middle of a container's start, it costs the pod nothing",
    arguments: TestEngine.all.map(\.cgroups))
  func killedWhileStarting(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      try await withPod(on: own.engine, Self.file) { pod in
        try await eventually("the container's cgroup") {
          try Hierarchy.folders(of: "/compose-pods/\(pod.run)").contains { folder in
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
            return names?.contains { $0.count == 64 } == true
          }
        }
        kill(try own.daemon(), SIGKILL)
        try await own.command("restart", "--kill")
        try await pod.running()
        #expect(try await pod.containers()["web"]?.State.Running == true)
        pod.send(SIGTERM)
        let end = try await pod.ended()
        #expect(end.status == .exited(130), "\(end)")
      }
    }
  }
}
