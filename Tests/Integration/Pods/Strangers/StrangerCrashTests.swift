import Foundation
import TestSupport
import Testing

@Suite("An engine that is killed during a start", .needsEngine, .throttled)
struct StrangerCrashTests {
  private static let file = """
    services:
      web:
        image: founding/base
        restart: always

    """

  /// containerd has the task by then, and dockerd has not saved that it runs: that container can
  /// never be started again ("task …: already exists").
  @Test(
    "doesn't fail the pod",
    arguments: TestEngine.all.map(\.cgroups))
  func killedWhileStarting(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      try await withPod(on: own.engine, Self.file) { pod in
        try await eventually("the container's cgroup") {
          try Hierarchy.directories(of: "/compose-pods/\(pod.run)").contains { directory in
            let names = try? FileManager.default.contentsOfDirectory(atPath: directory)
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

  /// Responses of engines, containerd and runc about a container whose start a kill interrupted.
  private static let refusals = [
    "id already in use",
    "OCI runtime create failed: container with id exists: 0a1b2c3d: unknown",
    "task 0a1b2c3d: already exists: unknown",
    "failed to create endpoint web on network bridge: network id 0a1b2c3d: file exists",
  ]

  @Test(
    "makes the executor create the container again, once, whatever its response",
    arguments: refusals)
  func refusesFurtherStarts(message: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let away = EngineTap.Fault(request: "POST /networks/create", times: 1, losesResponse: true)
    func refusal(times: Int) -> EngineTap.Fault {
      .init(request: "POST /containers/[^/]*/start", times: times, status: 500, message: message)
    }
    for isCured in [true, false] {
      try await EngineTap.with(engine, faults: [away, refusal(times: isCured ? 1 : 0)]) { tap in
        try await withPod(
          on: engine, Self.file, PodSettings(environment: ["DOCKER_HOST": tap.dockerHost])
        ) { pod in
          if isCured {
            try await pod.running()
            pod.send(SIGTERM)
            #expect(try await pod.ended().status == .exited(130))
          } else {
            let end = try await pod.ended()
            #expect(end.status == .exited(1) && end.message.contains(message), "\(end)")
            #expect(tap.injections.count == 3, "\(tap.injections)")
          }
        }
      }
    }
  }
}
