import Cgroups
import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

/// A process that a test puts into a cgroup, as an engine leaves it that has forgotten its container.
private struct Straggler: Sendable {
  let process: RunningCommand
  let path: String

  /// Whether it lives.
  var lives: Bool { process.status == nil }

  /// Makes the cgroup in hierarchies of the engine's version, and starts a process in it.
  init(_ path: String, _ engine: TestEngine) async throws {
    self.path = path
    let roots =
      engine.cgroups == .v2
      ? [try #require(try Hierarchy.unifiedRoot())]
      : try ["freezer", "pids"].map { try #require(try Hierarchy.root(of: $0)) }
    for root in roots {
      try FileManager.default.createDirectory(
        atPath: root + path, withIntermediateDirectories: true)
    }
    let moves = roots.map { "echo $$ > \($0)\(path)/cgroup.procs" }.joined(separator: "; ")
    process = try Command("sh", ["-ec", "\(moves); echo in; exec sleep 1000"]).start()
    try await process.line(containing: "in")
  }

  /// Ends it, and removes its cgroup.
  func remove() async throws {
    process.send(SIGKILL)
    try await process.exit()
    for folder in try Hierarchy.folders(of: path) { Hierarchy.remove(folder) }
  }
}

/// A container's ID that no engine has.
private func unknownID() -> String {
  (0..<8).map { _ in String(format: "%08x", UInt32.random(in: 0 ... .max)) }.joined()
}

@Suite("Processes of containers that the engine has forgotten", .needsEngine)
struct ReaperForgottenTests {
  /// Lends stragglers at some paths, and takes them away.
  private func withStragglers(
    _ paths: [String], _ engine: TestEngine, _ body: ([Straggler]) async throws -> Void
  ) async throws {
    var stragglers: [Straggler] = []
    var failure: (any Error)?
    do {
      for path in paths { stragglers.append(try await Straggler(path, engine)) }
      try await body(stragglers)
    } catch {
      failure = error
    }
    for straggler in stragglers { try await straggler.remove() }
    for path in paths {
      let run = URL(fileURLWithPath: path).deletingLastPathComponent().path
      for folder in try Hierarchy.folders(of: run) { Hierarchy.remove(folder) }
    }
    if let failure { throw failure }
  }

  @Test(
    "go with the dead pod in whose cgroup they live, and none of a neighbour's does",
    arguments: TestEngine.all)
  func killed(on engine: TestEngine) async throws {
    try await kills(on: engine)
  }

  @Test("go from a slice's scope, whether or not systemd has them", arguments: TestEngine.all)
  func fromSlice(on engine: TestEngine) async throws {
    try await kills(on: engine, inSlice: true)
  }

  @Test("go where the kernel has no pidfds", arguments: TestEngine.all)
  func withoutPIDFDs(on engine: TestEngine) async throws {
    try await kills(on: engine, isOnOldLinux: true)
  }

  private func kills(
    on engine: TestEngine, isOnOldLinux: Bool = false, inSlice: Bool = false
  ) async throws {
    try await withReaperSite(on: engine) { site in
      let site = isOnOldLinux ? site.onOldLinux : site
      var dead = PodIdentity.forged()
      if inSlice { dead.cgroupParent = try #require(PodSlice(run: dead.run)).path }
      let id = unknownID()
      let paths = [
        CgroupPath.container(id, below: dead.cgroupParent),
        "/compose-pods/\(UUID().uuidString.lowercased())/\(id)",
      ]
      try await withForged([dead], on: engine) { pods in
        try await pods[0].network()
        try await withStragglers(paths, engine) { stragglers in
          let end = try await site.once()
          #expect(end.status == .exited(0), "\(end)")
          #expect(end.pod(dead.run)?.removed["processes"] == [id], "\(end)")
          #expect(!stragglers[0].lives && stragglers[1].lives)
          #expect(try await pods[0].left().isEmpty)
        }
      }
    }
  }

  @Test(
    "are told from a stranger's container, from other groups and from processes of the run itself",
    arguments: TestEngine.all)
  func others(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let dead = PodIdentity.forged()
      let stranger = try await engine.docker(
        "run", "-d", "--cgroup-parent", dead.cgroupParent, "founding/base"
      ).output()
      try await withForged([dead], on: engine) { pods in
        try await pods[0].network()
        let paths = [dead.cgroupParent + "/other", dead.cgroupParent + "/other-too"]
        try await withStragglers(paths, engine) { stragglers in
          let end = try await site.once()
          #expect(end.status == .exited(1), "\(end)")
          #expect(end.pod(dead.run)?.failed.map(\.kind).allSatisfy { $0 == "cgroups" } == true)
          #expect(end.pod(dead.run)?.removed["processes"] == nil, "\(end)")
          #expect(stragglers.filter { !$0.lives }.isEmpty)
          let state = try await engine.docker(
            "inspect", "--format", "{{.State.Running}}", stranger
          ).output()
          #expect(state == "true")
          try await engine.docker("rm", "-f", stranger).output()
        }
      }
    }
  }

  @Test(
    "stay while another pod of the run isn't dead, of another task or another incarnation",
    arguments: [true, false])
  func shared(isTask: Bool) async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      let run = UUID().uuidString.lowercased()
      let dead = PodIdentity.forged(run: run)
      var living = PodIdentity.forged(by: .current(), run: run)
      if isTask { living.taskID += "-living" }
      try await withForged([dead, living], on: engine) { pods in
        try await pods[0].network("dead")
        try await pods[1].volume("living")
        try await withStragglers(["\(dead.cgroupParent)/\(unknownID())"], engine) { stragglers in
          let end = try await site.once()
          #expect(end.report?.pods.allSatisfy { $0.removed["processes"] == nil } == true, "\(end)")
          #expect(stragglers[0].lives)
          #expect(try await pods[0].left().networks.isEmpty)
        }
      }
    }
  }

  @Test("stay while a living executor's lease names the run")
  func leased() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      let dead = PodIdentity.forged()
      try await ReaperService.with(site, ["--grace", "0s"]) { _ in
        let holders = try LeaseHolders(site, [dead.run])
        defer { holders.end() }
        try await holders.holds(dead.run)
        try await withForged([dead], on: engine) { pods in
          try await withStragglers(["\(dead.cgroupParent)/\(unknownID())"], engine) { stragglers in
            try await pods[0].container()
            try await eventually("the pass that removes the container") {
              (try? String(contentsOfFile: site.journal, encoding: .utf8))?.contains(dead.run)
                == true
            }
            #expect(try await pods[0].left().containers.isEmpty)
            #expect(stragglers[0].lives)
          }
        }
      }
    }
  }

  /// A real one: dockerd has lost what it knew of a container while it was down.
  @Test(
    "without any object of their pod are reported and left, and go with a pod that is proven dead",
    arguments: TestEngine.all.map(\.cgroups))
  func unowned(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      let engine = own.engine
      try await withReaperSite(on: engine) { site in
        let dead = PodIdentity.forged()
        let id = try await engine.docker(
          "run", "-d", "--cgroup-parent", dead.cgroupParent, "founding/base"
        ).output()
        let text = try await engine.docker("inspect", "--format", "{{.State.Pid}}", id).output()
        let pid = try #require(pid_t(text))
        kill(try own.daemon(), SIGKILL)
        let data = own.data
        try FileManager.default.removeItem(atPath: "\(data)/containers/\(id)")
        try await own.command("restart", "--kill")
        #expect(kill(pid, 0) == 0)
        let options = ["--cgroup-roots", "compose-pods", "--grace", "1s"]
        let left = try await site.once(options)
        #expect(left.status == .exited(1), "\(left)")
        let place = "\(dead.cgroupParent)/\(id): "
        #expect(left.report?.cgroupsFailed.filter { $0.hasPrefix(place) }.count == 1, "\(left)")
        #expect(kill(pid, 0) == 0)
        try await withForged([dead], on: engine) { pods in
          try await pods[0].network()
          let end = try await site.once(options)
          #expect(end.status == .exited(0), "\(end)")
          #expect(end.pod(dead.run)?.removed["processes"] == [id], "\(end)")
          #expect(kill(pid, 0) != 0)
          #expect(try await pods[0].left().isEmpty)
        }
      }
    }
  }
}
