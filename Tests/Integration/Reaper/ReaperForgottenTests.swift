import Cgroups
import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

@Suite("Processes of containers that the engine has lost", .needsEngine, .throttled)
struct ReaperForgottenTests {
  @Test(
    "are killed with the dead pod whose cgroup they are in, and no process of a neighbor is",
    arguments: TestEngine.all)
  func killed(on engine: TestEngine) async throws {
    try await kills(on: engine)
  }

  @Test("are killed in a slice's scope, whether systemd knows it or not", arguments: TestEngine.all)
  func fromSlice(on engine: TestEngine) async throws {
    try await kills(on: engine, inSlice: true)
  }

  @Test("are killed if the kernel has no pidfds", arguments: TestEngine.all)
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

  @Test("are killed although another client's container holds their pod's network")
  func withHeldNetwork() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      let dead = PodIdentity.forged()
      let id = unknownID()
      try await withForged([dead], on: engine) { pods in
        let network = try await pods[0].network()
        let holder = try await engine.docker("run", "-d", "--network", network, "founding/base")
          .output()
        try await withStragglers(["\(dead.cgroupParent)/\(id)"], engine) { stragglers in
          let end = try await site.once("--removal-timeout", "1s")
          try await engine.docker("rm", "-f", holder).output()
          #expect(end.pod(dead.run)?.failed.map(\.kind) == ["networks"], "\(end)")
          #expect(end.pod(dead.run)?.removed["processes"] == [id], "\(end)")
          #expect(!stragglers[0].lives)
          #expect(try Hierarchy.directories(of: dead.cgroupParent).isEmpty)
        }
      }
    }
  }

  @Test(
    "are distinguished from a foreign container, other cgroups and processes of the run itself",
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
    "are kept while another pod of the run, of another task or incarnation, isn't dead",
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

  @Test("are kept while a running executor's lease names the run")
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

  @Test(
    "without an object of their pod are killed only if the cgroup names a dead executor",
    arguments: TestEngine.all, NamedOwner.allCases)
  func named(on engine: TestEngine, _ named: NamedOwner) async throws {
    try await withReaperSite(on: engine) { site in
      let run = "/compose-pods/\(UUID().uuidString.lowercased())"
      try await withStragglers(["\(run)/\(unknownID())"], engine) { stragglers in
        let tree = CgroupTree(mounts: try CgroupMounts.current())
        if let owner = named.owner { try tree.claim(run, for: owner) }
        let options = ["--cgroup-roots", "compose-pods", "--grace", "1s"]
        let end = try await site.once(options)
        #expect(stragglers[0].lives == (named != .dead), "\(end)")
        // The reaper of a parallel test can remove it, too.
        #expect(try Hierarchy.directories(of: run).isEmpty == (named == .dead))
      }
    }
  }

  /// As after a pass that removed the pod's last object while the engine was restarting.
  @Test(
    "of a pod that an earlier pass removed are killed only if the cgroup names a dead executor",
    arguments: TestEngine.all, NamedOwner.allCases)
  func pending(on engine: TestEngine, _ named: NamedOwner) async throws {
    try await withReaperSite(on: engine) { site in
      let run = UUID().uuidString.lowercased()
      let path = "/compose-pods/\(run)"
      try await withStragglers(["\(path)/\(unknownID())"], engine) { stragglers in
        let tree = CgroupTree(mounts: try CgroupMounts.current())
        if let owner = named.owner { try tree.claim(path, for: owner) }
        let boot = try #require(Incarnation.current().bootID)
        try FileManager.default.createDirectory(
          atPath: site.directory.path("state"), withIntermediateDirectories: true,
          attributes: [.posixPermissions: 0o700])
        try site.directory.write(
          "state/pending.json",
          #"[{"run":"\#(run)","agentID":"a","path":"\#(path)","bootID":"\#(boot)","#
            + #""deadSince":1}]"#
        )
        // Only the file leads to the cgroup: it isn't below the site's root.
        let end = try await site.once("--grace", "1s")
        #expect(stragglers[0].lives == (named != .dead), "\(end)")
        #expect(end.status == .exited(named == .dead ? 0 : 1), "\(end)")
        #expect(try Hierarchy.directories(of: path).isEmpty == (named == .dead))
      }
    }
  }

  @Test(
    "leave an empty cgroup that is removed only if it names a dead executor",
    arguments: TestEngine.all, NamedOwner.allCases)
  func empty(on engine: TestEngine, _ named: NamedOwner) async throws {
    try await withReaperSite(on: engine) { site in
      let run = "/compose-pods/\(UUID().uuidString.lowercased())"
      try await withStragglers(["\(run)/\(unknownID())"], engine) { stragglers in
        let tree = CgroupTree(mounts: try CgroupMounts.current())
        if let owner = named.owner { try tree.claim(run, for: owner) }
        stragglers[0].process.send(SIGKILL)
        try await stragglers[0].process.exit()
        let end = try await site.once(["--cgroup-roots", "compose-pods", "--grace", "1s"])
        #expect(end.status == .exited(0), "\(end)")
        #expect(try Hierarchy.directories(of: run).isEmpty == (named == .dead), "\(end)")
      }
    }
  }

  @Test("are kept if a lease or an object of another pod names the run, whatever the cgroup names")
  func namedAndAnothers() async throws {
    let engine = try #require(TestEngine.all.last)
    try await withReaperSite(on: engine) { site in
      let living = PodIdentity.forged(by: .current())
      let run = living.cgroupParent
      let leased = UUID().uuidString.lowercased()
      let paths = [run, "/compose-pods/\(leased)"].map { "\($0)/\(unknownID())" }
      try await withForged([living], on: engine) { pods in
        try await pods[0].network()
        try await withStragglers(paths, engine) { stragglers in
          let tree = CgroupTree(mounts: try CgroupMounts.current())
          let owner = try #require(NamedOwner.dead.owner)
          try tree.claim(run, for: owner)
          try tree.claim("/compose-pods/\(leased)", for: owner)
          let roots = ["--cgroup-roots", "compose-pods", "--grace", "200ms"]
          try await ReaperService.with(site, roots + ["--interval", "1s"]) { service in
            let holders = try LeaseHolders(site, [leased])
            defer { holders.end() }
            try await holders.holds(leased)
            // The cgroup of a dead run is removed meanwhile.
            let other = "/compose-pods/\(UUID().uuidString.lowercased())"
            try await withStragglers(["\(other)/\(unknownID())"], engine) { others in
              try tree.claim(other, for: owner)
              try await eventually("the dead run's end", within: .seconds(180)) {
                try Hierarchy.directories(of: other).isEmpty
              }
              #expect(!others[0].lives)
            }
            // Reapers of other tests have neither the lease nor the object.
            let said = service.process.lines(.stderr).filter { line in
              stragglers.contains {
                line.contains(URL(fileURLWithPath: $0.path).lastPathComponent.prefix(12))
              }
            }
            #expect(said == [])
          }
        }
      }
    }
  }

  /// The same state as after a crash and the host's own maintenance: only processes of the pod are
  /// left.
  @Test(
    "of a real pod without objects are killed after its executor's death",
    arguments: TestEngine.all.map(\.cgroups))
  func ofPrunedPod(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      let engine = own.engine
      try await withReaperSite(on: engine) { site in
        let compose = "services: {a: {image: founding/base, command: [sleep, '1000']}}"
        try await withPod(on: engine, compose) { pod in
          try await pod.running()
          let id = try await engine.docker(
            "ps", "-q", "--no-trunc", "--filter", "label=mesos.container_id=\(pod.run)"
          ).output()
          let text = try await engine.docker("inspect", "--format", "{{.State.Pid}}", id).output()
          let pid = try #require(pid_t(text))
          pod.send(SIGKILL)
          try await pod.executor.exit()
          kill(try own.daemon(), SIGKILL)
          try FileManager.default.removeItem(atPath: "\(own.data)/containers/\(id)")
          try await own.command("restart", "--kill")
          try await engine.docker("system", "prune", "-f", "--volumes").output()
          #expect(kill(pid, 0) == 0)
          let end = try await site.once(["--cgroup-roots", "compose-pods", "--grace", "1s"])
          #expect(end.status == .exited(0), "\(end)")
          #expect(kill(pid, 0) != 0)
        }
      }
    }
  }

  /// A real case: dockerd has lost the data of a container while it was down.
  @Test(
    "without an object of their pod are reported, and killed with a pod that is proven dead",
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
        let location = "\(dead.cgroupParent)/\(id): "
        #expect(left.report?.cgroupsFailed.filter { $0.hasPrefix(location) }.count == 1, "\(left)")
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
