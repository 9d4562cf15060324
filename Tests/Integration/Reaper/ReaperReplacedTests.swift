import DockerEngine
import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

@Suite("Objects that replace a leaked pod's objects before the removal", .needsEngine)
struct ReaperReplacedTests {
  @Test(
    "are kept: containers and networks are removed by ID, volumes by their labels",
    arguments: TestEngine.all.prefix(1))
  func replaced(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await EngineHold.with(engine, holding: "DELETE /containers/") { hold in
        try await withForged([.forged()], on: engine) { pods in
          let pod = pods[0]
          let names = ["a", "b"].map { "\(pod.identity.taskID)_\($0)" }
          for name in names { try await pod.container(name) }
          let network = pod.identity.names.object("inside")
          let volume = pod.identity.names.object("data")
          try await pod.network()
          try await pod.volume()
          // One container's removal is in progress, the other's waits for it.
          var reaper = site.reaper(["--once", "--format", "json"], ["--parallel", "1"])
          reaper.environment["DOCKER_HOST"] = hold.dockerHost
          let process = try reaper.start()
          defer { process.send(SIGKILL) }
          try await hold.isHeld()
          try await engine.docker(["rm", "-f"] + names).output()
          try await engine.docker("network", "rm", network).output()
          try await engine.docker("volume", "rm", volume).output()
          for name in names {
            try await engine.docker("create", "--name", name, "founding/base").output()
          }
          try await engine.docker("network", "create", network).output()
          try await engine.docker("volume", "create", volume).output()
          hold.release()
          let end = try ReaperEnd(try await process.result(within: .seconds(180)))
          #expect(end.status == .exited(0), "\(end)")
          // The docker command fails if one of them doesn't exist.
          try await engine.docker(["rm"] + names).output()
          try await engine.docker("network", "rm", network).output()
          try await engine.docker("volume", "rm", volume).output()
        }
      }
    }
  }

  @Test(
    "don't depend on images that fail to inspect: the cgroup parent identifies a container",
    arguments: TestEngine.all.prefix(1))
  func brokenImages(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await EngineHold.with(engine, holding: "GET /images/", number: 0) { hold in
        try await withForged([.forged()], on: engine) { pods in
          let own = try await pods[0].container {
            $0.hostConfig?.cgroupParent = pods[0].identity.cgroupParent
          }
          let other = try await pods[0].container("copy-\(pods[0].identity.run)")
          var reaper = site.reaper(["--once", "--format", "json"])
          reaper.environment["DOCKER_HOST"] = hold.dockerHost
          let end = try ReaperEnd(try await reaper.run(within: .seconds(180)))
          #expect(end.status == .exited(0), "\(end)")
          // Other tests have such copies too.
          let inherited = end.report?.inherited ?? []
          #expect(inherited.contains("copy-\(pods[0].identity.run)"), "\(end)")
          let left = try await pods[0].left().containers
          #expect(left == [other] && left != [own], "\(end)")
        }
      }
    }
  }

  @Test(
    "are left after an interrupted removal, which is reported and completed at the next start",
    arguments: TestEngine.all.prefix(1))
  func interrupted(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await EngineHold.with(engine, holding: "DELETE /containers/") { hold in
        try await withForged([.forged()], on: engine) { pods in
          try await pods[0].container()
          try await pods[0].volume()
          var reaper = site.reaper([])
          reaper.environment["DOCKER_HOST"] = hold.dockerHost
          let process = try reaper.start()
          defer { process.send(SIGKILL) }
          try await hold.isHeld()
          process.send(SIGTERM)
          #expect(try await process.exit(within: .seconds(300)) == .exited(0))
          let said = process.text(.stderr)
          #expect(said.contains("pod-reaper is stopping"), "\(said)")
          #expect(!said.contains("Cancellation"), "\(said)")
          #expect(try await site.once().status == .exited(0))
          #expect(try await pods[0].left().isEmpty)
        }
      }
    }
  }
}
