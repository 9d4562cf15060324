import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

@Suite("pod-reaper as a service", .needsEngine)
struct ReaperDaemonTests {
  private func withService(
    _ site: ReaperSite, _ more: [String] = ["--grace", "5m"],
    _ body: (RunningCommand) async throws -> Void
  ) async throws {
    try await ReaperService.with(site, more) { try await body($0.process) }
  }

  @Test(
    "removes the pod of a killed executor by itself, and objects that appear later",
    arguments: TestEngine.all)
  func seesDeath(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let options = ["--grace", "5m", "--metrics", site.metricsSocket]
      try await withService(site, options) { service in
        try await withPod(on: engine, smallPod) { living in
          try await withPod(on: engine, fullPod) { dead in
            try await living.running()
            try await dead.running()
            let before = try await living.untouched()
            let labels = try #require(try await dead.containers()["web"]?.Config.Labels)
            let identity = try #require(PodIdentity(labels: labels))
            try await dead.kill()
            try await eventually("nothing is left", within: .seconds(180)) {
              try await Leftovers.of(run: dead.run, on: engine).isEmpty
            }
            // As dockerd does when it completes the request of a client that died.
            let late = ForgedPod(engine: engine, identity: identity)
            try await late.container()
            try await eventually("the late container is gone") { try await late.left().isEmpty }
            // It can be removed before it is started.
            _ = try? await late.container(starts: true)
            try await eventually("the late container is gone") { try await late.left().isEmpty }
            #expect(try await living.untouched() == before)
            let report = try await site.status(of: living.run)
            #expect(report?.verdict == "alive")
            let metrics = try await site.metrics()
            #expect(metrics["pod_reaper_leaks_total"] ?? 0 >= 3)
            #expect(metrics["pod_reaper_removed_total{kind=\"containers\"}"] ?? 0 >= 5)
            #expect(metrics["pod_reaper_removed_total{kind=\"networks\"}"] == 1)
            #expect(metrics["pod_reaper_failed_total{kind=\"containers\"}"] == 0)
            #expect(metrics["pod_reaper_gone_seconds_count"] ?? 0 >= 3)
          }
        }
        #expect(service.status == nil)
      }
    }
  }

  @Test("removes a network and a volume that appear after the death", arguments: TestEngine.all)
  func lateNetwork(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withService(site) { _ in
        try await withPod(on: engine, smallPod) { pod in
          try await pod.running()
          let labels = try #require(try await pod.containers()["web"]?.Config.Labels)
          let late = ForgedPod(engine: engine, identity: try #require(PodIdentity(labels: labels)))
          try await pod.kill()
          try await late.network("late")
          try await late.volume("late")
          try await eventually("nothing is left", within: .seconds(180)) {
            try await late.left().isEmpty
          }
        }
      }
    }
  }

  @Test("reports the same with and without the service", arguments: TestEngine.all.prefix(1))
  func statusAndExplain(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, smallPod) { living in
        try await withForged([.forged()], on: engine) { pods in
          try await living.running()
          let dead = pods[0].identity.run
          let name = try await pods[0].container()
          let containers = try await living.containers()
          let web = try #require(containers["web"]?.Name.dropFirst())
          func expectTold(_ deadVerdict: String) async throws {
            #expect(try await site.status(of: living.run)?.verdict == "alive")
            #expect(try await site.status(of: dead)?.verdict == deadVerdict)
            let words = try await site.reaper(["explain", String(web)]).output()
            #expect(words.contains("verdict   alive: its executor's process is alive"), "\(words)")
            #expect(words.contains("run \(living.run)"))
            let ended = try await site.reaper(["explain", name]).output()
            #expect(ended.contains("process  its pid belongs to another process  dead"), "\(ended)")
            let nobody = try await site.reaper(["explain", "nobody"]).run()
            #expect(nobody.status == .exited(1), "\(nobody)")
          }
          // No service listens: each command observes the host itself, and removes nothing.
          try await expectTold("leaked")
          #expect(try await pods[0].left().containers.count == 1)
          try await withService(site) { _ in
            try await expectTold("undecided")
            let table = try await site.reaper(["status"]).output()
            #expect(table.contains("VERDICT") && table.contains(living.task), "\(table)")
          }
          #expect(try await pods[0].left().containers.count == 1)
        }
      }
    }
  }

  @Test("reads its settings again on SIGHUP", arguments: TestEngine.all.suffix(1))
  func reload(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let file = try site.directory.write("reaper.yaml", "parallel: 4\n")
      try await withService(site, ["--config", file]) { service in
        try site.directory.write("reaper.yaml", "parallel: none\n")
        service.send(SIGHUP)
        try await service.line(
          containing: "the settings are not changed: \(file):1:11", in: .stderr)
        try site.directory.write("reaper.yaml", "parallel: 8\n")
        service.send(SIGHUP)
        try await service.line(containing: "settings were read again", in: .stderr)
        // A second service finds the sockets in use.
        let second = try await site.reaper([], []).run(within: .seconds(180))
        #expect(second.status == .exited(2), "\(second)")
        #expect(second.stderr.contains("is another pod-reaper running?"), "\(second)")
      }
    }
  }

  @Test(
    "continues after the engine returns from a crash", arguments: TestEngine.all.map(\.cgroups))
  func engineRestarts(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      try await withReaperSite(on: own.engine) { site in
        try await withService(site) { service in
          try await withPod(on: own.engine, smallPod) { living in
            try await withPod(on: own.engine, fullPod) { dead in
              try await living.running()
              try await dead.running()
              // The executor dies a moment before its engine: the removal has just begun.
              try await dead.kill()
              try await own.command("restart", "--kill")
              try await service.line(containing: "the engine is away", in: .stderr)
              try await service.line(
                containing: "the engine is back", in: .stderr, within: .seconds(180))
              try await eventually("nothing is left", within: .seconds(180)) {
                try await Leftovers.of(run: dead.run, on: own.engine).isEmpty
              }
              #expect(!service.text(.stderr).contains("\(living.run)"))
            }
          }
        }
      }
    }
  }
}

extension ReaperSite {
  var metricsSocket: String { directory.path("metrics.sock") }

  /// The service's counters, by name and labels; empty if the service has no metrics socket.
  func metrics() async throws -> [String: Double] {
    guard FileManager.default.fileExists(atPath: metricsSocket) else { return [:] }
    let text = try await Command(
      "curl", ["-sf", "--unix-socket", metricsSocket, "http://reaper/metrics"]
    ).output()
    var result: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let words = line.split(separator: " ")
      if words.count == 2 { result[String(words[0])] = Double(words[1]) }
    }
    return result
  }
}
