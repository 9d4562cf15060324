import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

@Suite("Leases of executors", .needsEngine)
struct ReaperLeaseTests {
  private static let one = TestEngine.all.suffix(1)
  /// A grace that no test here can wait for: only a lease is quicker.
  private static let patient = ["--grace", "5m"]

  @Test(
    "fifty held while the reaper crashes twice: no pod is removed, and all are renewed",
    arguments: one)
  func fifty(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let runs = (0..<47).map { _ in UUID().uuidString.lowercased() }
      let holders = try LeaseHolders(site, runs)
      defer { holders.end() }
      let identities = try await holders.identities()
      try await withForged(identities, on: engine) { pods in
        for pod in pods { try await pod.container() }
        try await withExecutors(3, site) { executors in
          var service = try await ReaperService.start(site, ["--grace", "0s"])
          defer { service.process.send(SIGKILL) }
          let all = runs + executors.map(\.run)
          try await site.holdsLeases(of: all)
          let before = try await everything(of: all, on: engine)
          for _ in 0..<2 {
            service.process.send(SIGKILL)
            try await service.process.exit()
            service = try await ReaperService.start(site, ["--grace", "0s"])
            try await site.holdsLeases(of: all)
          }
          #expect(try await everything(of: all, on: engine) == before)
          #expect(executors.allSatisfy { $0.executor.status == nil })
          #expect(!FileManager.default.fileExists(atPath: site.journal))
          // An executor that exits by itself releases its lease: it leaves no leak.
          executors[0].send(SIGTERM)
          #expect(try await executors[0].ended().status == .exited(130))
          // A lease that is dropped now is detected.
          try await holders.kill(runs[0])
          try await site.isRid(of: runs[0])
          #expect(try await everything(of: all, on: engine).count == before.count - 2)
          let journal = try String(contentsOfFile: site.journal, encoding: .utf8)
          #expect(journal.contains(runs[0]) && !journal.contains(executors[0].run), "\(journal)")
          try await service.stop()
        }
      }
    }
  }

  /// Runs this number of small pods whose executors hold leases.
  private func withExecutors(
    _ count: Int, _ site: ReaperSite, _ pods: [RunningPod] = [],
    _ body: ([RunningPod]) async throws -> Void
  ) async throws {
    if pods.count == count { return try await body(pods) }
    let settings = PodSettings(environment: site.leaseEnvironment)
    try await withPod(on: site.engine, "services: {web: {image: founding/base}}", settings) {
      try await $0.running()
      try await withExecutors(count, site, pods + [$0], body)
    }
  }

  /// Every container of these runs' pods, with the fields that any modification would change.
  private func everything(of runs: [String], on engine: TestEngine) async throws -> [String] {
    try await engine.docker(
      "ps", "-a", "--no-trunc", "--filter", "label=mesos.container_id", "--format",
      "{{.ID}} {{.Names}} {{.State}} {{.CreatedAt}} {{.Label \"mesos.container_id\"}}"
    ).output().split(separator: "\n").map(String.init).sorted()
      .filter { line in runs.contains { line.hasSuffix(" \($0)") } }
  }

  @Test(
    "protect an executor that doesn't know its pid, and report its exit at once",
    arguments: TestEngine.all)
  func ownNamespace(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let cgroup = try MesosCgroup(engine.cgroups)
      defer { try? cgroup.remove() }
      var settings = cgroup.settings
      settings.environment = site.leaseEnvironment
      settings.shell = settings.shell?.replacing(
        "exec ", with: "exec unshare --pid --mount-proc --fork --kill-child ")
      try await ReaperService.with(site, Self.patient) { _ in
        try await withPod(on: engine, smallPod, settings) { pod in
          try await pod.running()
          let container = try #require(try await pod.containers()["web"])
          #expect(container.Config.Labels["mesos.executor.pid"] == "")
          let slice = try #require(PodSlice(run: pod.run)).unit
          #expect(container.HostConfig.CgroupParent == (engine.space == nil ? cgroup.path : slice))
          #expect(container.Config.Labels["mesos.executor_cgroup"] == cgroup.path)
          try await site.holdsLeases(of: [pod.run])
          let held = try #require(try await site.status(of: pod.run))
          #expect(held.verdict == "alive" && held.why == "its lease is held", "\(held)")
          try await pod.kill()
          try await site.isRid(of: pod.run)
        }
      }
    }
  }

  @Test(
    "report at once an executor that exits before its first container exists",
    arguments: TestEngine.all)
  func beforeTheFirst(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await ReaperService.with(site, Self.patient) { _ in
        try await EngineHold.with(engine, holding: "POST /containers/create") { hold in
          let settings = PodSettings(
            environment: site.leaseEnvironment.merging(["DOCKER_HOST": hold.dockerHost]) { $1 })
          try await withPod(on: engine, smallPod, settings) { pod in
            try await hold.isHeld()
            let left = try await Leftovers.of(run: pod.run, on: engine)
            #expect(left.containers.isEmpty && left.networks.count == 1 && left.volumes.count == 1)
            try await pod.kill()
            try await site.isRid(of: pod.run)
            // The engine completes the request of the dead executor: that object is removed as
            // well.
            hold.release()
            let name = "\(pod.task)_web"
            try await engine.madeAndGone(container: name)
            try await site.isRid(of: pod.run)
          }
        }
      }
    }
  }

  @Test("report at once an executor that exits after its last container and before its cgroup")
  func cgroupAlone() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      try await ReaperService.with(site, Self.patient) { _ in
        let run = UUID().uuidString.lowercased()
        let stranger = UUID().uuidString.lowercased()
        let directories = try Hierarchy.all().flatMap { hierarchy in
          [run, stranger].map { "\(hierarchy.root)/compose-pods/\($0)" }
        }
        for directory in directories {
          try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        }
        defer { for directory in directories { Hierarchy.remove(directory) } }
        // A directory that isn't owned by the holder's user is kept, whatever the lease claims.
        for directory in directories where directory.hasSuffix(stranger) {
          chown(directory, 65534, 65534)
        }
        let holders = try LeaseHolders(site, [run, stranger])
        defer { holders.end() }
        _ = try await holders.identities()
        for name in [stranger, run] { try await holders.kill(name) }
        try await eventually("the run's cgroup is gone") {
          try Hierarchy.directories(of: "/compose-pods/\(run)").isEmpty
        }
        #expect(try !Hierarchy.directories(of: "/compose-pods/\(stranger)").isEmpty)
      }
    }
  }

  @Test("don't block executors if the reaper hangs, and are accepted afterwards", arguments: one)
  func hanging(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await ReaperService.with(site, Self.patient) { service in
        service.process.send(SIGSTOP)
        defer { service.process.send(SIGCONT) }
        let settings = PodSettings(environment: site.leaseEnvironment)
        try await withPod(on: engine, smallPod, settings) { pod in
          try await pod.running()
          pod.send(SIGTERM)
          #expect(try await pod.ended().status == .exited(130))
        }
        try await withPod(on: engine, smallPod, settings) { pod in
          try await pod.running()
          service.process.send(SIGCONT)
          try await site.holdsLeases(of: [pod.run])
        }
      }
    }
  }

  @Test(
    "of a client that lies, floods or stalls affect only its own connections", arguments: one)
  func lying(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      // Another user's processes reach the socket, and have their own share of connections.
      chmod(site.directory.path, 0o711)
      try await ReaperService.with(site, Self.patient) { service in
        let settings = PodSettings(environment: site.leaseEnvironment)
        try await withPod(on: engine, smallPod, settings) { living in
          try await withPod(on: engine, smallPod, settings) { dead in
            try await living.running()
            try await dead.running()
            try await site.holdsLeases(of: [living.run, dead.run])
            let before = try await living.untouched()
            let liar = try Command(
              "/usr/bin/python3",
              ["-c", LeaseHolders.liar, site.runDirectory + "/lease.sock", living.run, dead.run]
            ).start()
            defer { liar.send(SIGKILL) }
            let bounded = try await liar.line(containing: "refused ")
            #expect(try #require(Int(bounded.dropFirst("refused ".count))) > 0)
            // While it holds all connections that it can: no pod loses its lease, and no dead pod
            // is protected.
            try await site.holdsLeases(of: [living.run, dead.run])
            try await dead.kill()
            try await site.isRid(of: dead.run)
            liar.send(SIGKILL)
            try await liar.exit()
            #expect(try await site.status(of: living.run)?.verdict == "alive")
            try await site.holdsLeases(of: [living.run])
            #expect(try await living.untouched() == before)
            #expect(service.process.status == nil && living.executor.status == nil)
          }
        }
      }
    }
  }
}
