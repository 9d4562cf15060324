import Compose
import DockerEngine
import Foundation
import Systemd
import Testing
import YAML

@testable import PodRuntime

@Suite("An engine that can't run a pod")
struct PodPreparationTests {
  private func refusal(
    _ info: String, endpoint: EngineEndpoint = .unix(path: "/nowhere/docker.sock"),
    _ change: (inout PodRequest) -> Void = { _ in }
  ) async throws -> String {
    var request = PodRequest(
      project: project([service("web")]), executorID: "E", taskID: "t1", run: "r1")
    change(&request)
    let told = try JSONDecoder().decode(EngineInfo.self, from: Data(info.utf8))
    let setup = try PodPreparation(
      request: request, engine: DockerEngine(endpoint: endpoint),
      info: Task { told })
    let failure = await #expect(throws: SetupFailure.self) { try await setup.plan() }
    return failure?.description ?? ""
  }

  @Test(
    "because it can't apply the task's limits to its slices is refused",
    arguments: [
      (#""name=seccomp""#, "unix:///nowhere/docker.sock", "/run/systemd"),
      (#""name=rootless""#, "unix:///nowhere/docker.sock", "rootless"),
      (#""name=seccomp""#, "tcp://192.0.2.1:2375", "another host"),
    ])
  func systemd(option: String, host: String, why: String) async throws {
    let endpoint = try EngineEndpoint.from(environment: ["DOCKER_HOST": host])
    try #require(!Systemd.isInit, "a host without systemd as its init is needed")
    let line = try await refusal(
      #"{"CgroupDriver": "systemd", "CgroupVersion": "2", "SecurityOptions": ["#
        + option + "]}", endpoint: endpoint)
    #expect(line.contains("systemd cgroup driver"))
    #expect(line.contains(why))
    #expect(line.hasSuffix("limits would not apply"))
  }

  @Test("because it puts containers into no cgroup is refused: limits would have no effect")
  func none() async throws {
    let line = try await refusal(
      #"{"CgroupDriver": "none", "CgroupVersion": "2", "SecurityOptions": ["name=rootless"]}"#)
    #expect(line.contains("cgroup driver none"))
    #expect(!line.contains("\n"))
  }

  @Test("because it is podman with systemd's cgroups is refused with podman's own remedy")
  func podmanSystemd() async throws {
    let line = try await refusal(
      #"{"CgroupDriver": "systemd", "CgroupVersion": "2", "ServerVersion": "4.3.1", "#
        + #""BuildahVersion": "1.28.2"}"#
    )
    #expect(line.hasPrefix("podman 4.3.1 "))
    #expect(line.contains("containers.conf"))
    #expect(!line.contains("daemon.json"))
  }

  @Test("because it is podman without root on cgroup v1 is refused")
  func podmanRootless() async throws {
    let rootless =
      #""CgroupDriver": "cgroupfs", "SecurityOptions": ["name=seccomp", "name=rootless"], "#
      + #""BuildahVersion": "1.28.2""#
    let line = try await refusal(#"{"CgroupVersion": "1", "# + rootless + "}")
    #expect(line.contains("cgroups on cgroup version 1"))
    let info = try JSONDecoder().decode(
      EngineInfo.self, from: Data((#"{"CgroupVersion": "2", "# + rootless + "}").utf8))
    #expect(PodmanLimits.refusal(by: info) == nil)
  }

  @Test("because it is podman without systemd is refused for a service with a healthcheck")
  func podmanHealth() throws {
    func info(_ text: String) throws -> EngineInfo {
      try JSONDecoder().decode(EngineInfo.self, from: Data(text.utf8))
    }
    let podman = try info(#"{"CgroupDriver": "cgroupfs", "BuildahVersion": "1.28.2"}"#)
    var checked = service("db")
    checked.healthcheck = Healthcheck(test: ["CMD", "true"])
    let made = try plan(project([service("web"), checked]))
    #expect(throws: DiagnosticError.self) {
      try PodmanLimits.check(made.containers, by: podman, hasSystemd: false)
    }
    try PodmanLimits.check(made.containers, by: podman, hasSystemd: true)
    try PodmanLimits.check(
      made.containers, by: info(#"{"CgroupDriver": "cgroupfs"}"#), hasSystemd: false)
    checked.healthcheck = Healthcheck(test: ["NONE"])
    let unchecked = try plan(project([checked]))
    try PodmanLimits.check(unchecked.containers, by: podman, hasSystemd: false)
  }

  @Test("because it keeps no output is refused if the operator relies on the engine's log")
  func logging() async throws {
    let line = try await refusal(
      #"{"CgroupDriver": "cgroupfs", "CgroupVersion": "1", "LoggingDriver": "none"}"#
    ) { $0.logging = .engine }
    #expect(line.contains("log driver is none"))
  }
}
