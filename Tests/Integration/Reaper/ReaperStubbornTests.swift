import DockerEngine
import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

@Suite("Leaked pods that are hard to remove", .needsEngine)
struct ReaperStubbornTests {
  @Test(
    "are removed in any state: created, restarting, paused, renamed, exited, ignoring signals",
    arguments: TestEngine.all)
  func states(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withForged([.forged()], on: engine) { pods in
        let pod = pods[0]
        try await pod.container()
        try await pod.container(starts: true) {
          $0.cmd = ["false"]
          $0.hostConfig?.restartPolicy = RestartPolicy(name: "always", maximumRetryCount: nil)
        }
        let paused = try await pod.container(starts: true)
        try await engine.docker("pause", paused).output()
        let renamed = try await pod.container(starts: true)
        try await engine.docker("rename", renamed, "renamed-\(pod.identity.run)").output()
        let ended = try await pod.container(starts: true)
        try await engine.docker("kill", ended).output()
        try await pod.container(image: "pod-test/busybox", starts: true) {
          $0.cmd = ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"]
        }
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.pod(pod.identity.run)?.removed["containers"]?.count == 6, "\(end)")
        #expect(try await pod.left().isEmpty)
      }
    }
  }

  @Test(
    "are stopped by their own signal, with the operator's stop timeout", arguments: TestEngine.all
  )
  func ownSignal(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withTemporaryDirectory { directory in
        try await withForged([.forged()], on: engine) { pods in
          let id = try await pods[0].container(image: "pod-test/busybox", starts: true) {
            $0.cmd = [
              "sh", "-c",
              "trap 'echo usr1 > /told/usr1; exit 0' USR1; echo up; while :; do sleep 0.1; done",
            ]
            $0.stopSignal = "SIGUSR1"
            $0.hostConfig?.binds = ["\(directory.path):/told"]
          }
          try await eventually("the container is up") {
            try await engine.docker("logs", id).output() == "up"
          }
          let end = try await site.once("--stop-timeout", "10s")
          #expect(end.status == .exited(0), "\(end)")
          #expect(FileManager.default.fileExists(atPath: directory.path("usr1")))
        }
      }
    }
  }

  @Test(
    "are reported with the obstacle, and their other objects removed", arguments: TestEngine.all)
  func heldNetwork(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, fullPod) { pod in
        try await pod.running()
        let network = try #require(try await pod.networks().first).Name
        let holder = "holder-\(pod.run)"
        try await engine.docker(
          "run", "-d", "--name", holder, "--network", network, "founding/base"
        ).output()
        try await pod.kill()
        let end = try await site.once("--removal-timeout", "1s")
        #expect(end.status == .exited(1), "\(end)")
        let failed = end.pod(pod.run)?.failed ?? []
        #expect(failed.map(\.name) == [network], "\(end)")
        #expect(failed.first?.reason.contains("has active endpoints") == true, "\(end)")
        let left = try await Leftovers.of(run: pod.run, on: engine)
        #expect(left.networks.count == 1)
        #expect(left.containers.isEmpty && left.volumes.isEmpty && left.cgroups.isEmpty, "\(left)")
        let holding = engine.docker("inspect", "--format", "{{.State.Running}}", holder)
        #expect(try await holding.output() == "true")
        let table = try await site.reaper(["--once"], ["--removal-timeout", "1s"]).run()
        #expect(table.status == .exited(1))
        #expect(table.stdout.contains("NOT removed: networks \(network)"), "\(table)")
        try await engine.docker("rm", "-f", holder).output()
        #expect(try await site.once().status == .exited(0))
      }
    }
  }

  @Test(
    "are counted and journaled once while they are stuck, and block no other pod",
    arguments: TestEngine.all.prefix(1))
  func stuck(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let options = [
        "--grace", "0s", "--interval", "1s", "--removal-timeout", "2s", "--metrics",
        site.metricsSocket,
      ]
      try await withForged([.forged(), .forged()], on: engine) { pods in
        let (stuck, late) = (pods[0], pods[1])
        let network = try await stuck.network()
        let holder = try await engine.docker("create", "--network", network, "founding/base")
          .output()
        try await engine.docker("start", holder).output()
        try await ReaperService.with(site, options) { service in
          func lines(_ run: String) -> Int {
            let text = (try? String(contentsOfFile: site.journal, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").filter { $0.contains(run) }.count
          }
          let passes = try await site.metrics()["pod_reaper_passes_total"] ?? 0
          try await eventually("four more passes") {
            try await site.metrics()["pod_reaper_passes_total"] ?? 0 >= passes + 4
          }
          // The first pass tried it for two seconds, the later ones try it once.
          try await eventually("a short pass") {
            try await site.metrics()["pod_reaper_pass_seconds"] ?? 9 < 2
          }
          var metrics = try await site.metrics()
          #expect(metrics["pod_reaper_failed_total{kind=\"networks\"}"] == 1)
          #expect(metrics["pod_reaper_leaks_total"] == 1)
          #expect(metrics["pod_reaper_pods{verdict=\"leaked\"}"] == 1)
          #expect(lines(stuck.identity.run) == 1)
          #expect(service.process.lines(.stderr).filter { $0.contains("not removed") }.count == 1)
          try await late.container()
          try await site.isRid(of: late.identity.run)
          try await engine.docker("rm", "-f", holder).output()
          try await site.isRid(of: stuck.identity.run)
          try await eventually("the journal's last line") { lines(stuck.identity.run) == 2 }
          metrics = try await site.metrics()
          #expect(metrics["pod_reaper_failed_total{kind=\"networks\"}"] == 1)
          #expect(metrics["pod_reaper_leaks_total"] == 2)
        }
      }
    }
  }

  @Test("never lead out of a cgroup root, whatever their label is", arguments: TestEngine.all)
  func detours(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let victim = UUID().uuidString.lowercased()
      let directories = try Hierarchy.all().map { "\($0.root)/\(site.root)/\(victim)" }
      for directory in directories {
        try FileManager.default.createDirectory(
          atPath: directory, withIntermediateDirectories: true)
      }
      defer {
        for directory in directories {
          Hierarchy.remove(directory)
          rmdir(URL(fileURLWithPath: directory).deletingLastPathComponent().path)
        }
      }
      let run = UUID().uuidString.lowercased()
      let parents = [
        "/compose-pods/\(run)/../../\(site.root)/\(victim)", "/\(site.root)/\(victim)",
        "/\(site.root)/./\(victim)", "//\(site.root)/\(victim)", "/\(site.root)", "/\(victim)", "/",
        "", "\(site.root)/\(victim)", "/compose-pods/../\(site.root)/\(victim)/..",
      ]
      var identities = parents.map { parent in
        var identity = PodIdentity.forged()
        identity.cgroupParent = parent
        return identity
      }
      // A run that is a path itself, and one whose parent leads to a location that fits its name.
      var climbing = PodIdentity.forged(run: victim)
      climbing.cgroupParent = "/compose-pods/../\(site.root)/\(victim)"
      var path = PodIdentity.forged(run: "../\(site.root)/\(victim)")
      path.cgroupParent = "/compose-pods/../\(site.root)/\(victim)"
      identities += [climbing, path]
      try await withForged(identities, on: engine) { pods in
        for pod in pods { try await pod.container("detour-\(UUID().uuidString)") }
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        for pod in pods { #expect(try await pod.left().containers.isEmpty) }
        for directory in directories { #expect(FileManager.default.fileExists(atPath: directory)) }
      }
    }
  }

  @Test(
    "below a Mesos root leave their run's own directory to the agent for its time",
    arguments: TestEngine.all)
  func agentDirectory(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let cgroup = try MesosCgroup(engine.cgroups)
      defer { try? cgroup.remove() }
      try await withPod(on: engine, smallPod, cgroup.settings) { pod in
        try await pod.running()
        try await pod.kill()
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.pod(pod.run)?.pending == [cgroup.path], "\(end)")
        #expect(end.report?.cgroupsPending == [cgroup.path])
        let directories = try Hierarchy.directories(of: cgroup.path)
        #expect(!directories.isEmpty)
        for directory in directories {
          let inner = try FileManager.default.contentsOfDirectory(atPath: directory)
          #expect(!inner.contains { $0.count == 64 }, "\(directory): \(inner)")
        }
        // The next pass still has them; they are removed after the agent reports the run as over.
        let again = try await site.once()
        #expect(again.report?.cgroupsPending == [cgroup.path], "\(again)")
        let frameworks = "work/meta/slaves/latest/frameworks"
        try site.directory.write(
          "\(frameworks)/f/executors/e/runs/\(pod.run)/executor.sentinel", "")
        let last = try await site.once("--agent-work-dir", site.directory.path("work"))
        #expect(last.report?.cgroupsRemoved == [cgroup.path], "\(last)")
        #expect(try Hierarchy.directories(of: cgroup.path).isEmpty)
      }
    }
  }

  @Test(
    "are removed among many others: 200 containers of 60 pods, half of them leaked",
    arguments: TestEngine.all.prefix(1))
  func many(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let identities = (0..<60).map { PodIdentity.forged(by: $0 % 2 == 0 ? .current() : nil) }
      let pods = identities.map { ForgedPod(engine: engine, identity: $0) }
      func counts() async throws -> [String: Int] {
        let runs = try await engine.docker(
          "ps", "-a", "--filter", "label=mesos.container_id", "--format",
          "{{.Label \"mesos.container_id\"}}"
        ).output().split(separator: "\n").map(String.init)
        return Dictionary(runs.map { ($0, 1) }, uniquingKeysWith: +)
      }
      try await inTurn(200) { try await pods[$0 % 60].container() }
      let before = try await counts()
      let end = try await site.once()
      #expect(end.status == .exited(0), "\(end.status)")
      let after = try await counts()
      for (number, identity) in identities.enumerated() {
        #expect(before[identity.run] == (number < 20 ? 4 : 3))
        #expect(after[identity.run] == (number % 2 == 0 ? before[identity.run] : nil))
      }
      let left = try await engine.docker(
        "ps", "-aq", "--filter", "label=mesos.executor.pid=\(getpid())"
      ).output().split(separator: "\n").map(String.init)
      try await engine.docker(["rm", "-f"] + left).output()
    }
  }

  /// Does something this number of times, eight at once.
  private func inTurn(
    _ count: Int, _ work: @escaping @Sendable (Int) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<count {
        if number >= 8 { try await group.next() }
        group.addTask { try await work(number) }
      }
      try await group.waitForAll()
    }
  }
}
