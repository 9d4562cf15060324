import DockerEngine
import Foundation
import Testing

@testable import PodRuntime

@Suite("An engine that can't hold a pod")
struct PodSetupTests {
  private func refusal(
    _ info: String, _ change: (inout PodRequest) -> Void = { _ in }
  ) async throws -> String {
    var request = PodRequest(
      project: project([service("web")]), executorID: "E", taskID: "t1", run: "r1")
    change(&request)
    let told = try JSONDecoder().decode(EngineInfo.self, from: Data(info.utf8))
    let setup = PodSetup(
      request: request, engine: DockerEngine(endpoint: .unix(path: "/nowhere/docker.sock")),
      info: Task { told })
    let failure = await #expect(throws: SetupFailure.self) { try await setup.plan() }
    return failure?.description ?? ""
  }

  @Test("since it puts containers into slices, is refused with the line that helps")
  func systemd() async throws {
    let line = try await refusal(#"{"CgroupDriver": "systemd", "CgroupVersion": "2"}"#)
    #expect(line.contains("native.cgroupdriver=cgroupfs"))
  }

  @Test("since it puts containers into no cgroup, is refused: a task's limits would not hold")
  func none() async throws {
    let line = try await refusal(
      #"{"CgroupDriver": "none", "CgroupVersion": "2", "SecurityOptions": ["name=rootless"]}"#)
    #expect(line.contains("cgroup driver none"))
    #expect(!line.contains("\n"))
  }

  @Test("since it keeps no output, is refused where the operator leaves that to it")
  func logging() async throws {
    let line = try await refusal(
      #"{"CgroupDriver": "cgroupfs", "CgroupVersion": "1", "LoggingDriver": "none"}"#
    ) { $0.logging = .engine }
    #expect(line.contains("log driver is none"))
  }
}
