import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

@Suite("Notifications of the agent's hook", .needsEngine)
struct ReaperHookTests {
  private static let one = TestEngine.all.suffix(1)

  /// Invariant 6: a notification is delivered or in the spool.
  @Test(
    "arrive once each, whether the reaper runs, is stopped, exited, crashed or is back",
    arguments: one)
  func once(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let options = ["--grace", "5m", "--metrics", site.metricsSocket]
      var service = try await ReaperService.start(site, options)
      defer { service.process.send(SIGKILL) }
      #expect(try await tell(5, site) == [0: 5])
      try await hears(5, site)

      service.process.send(SIGSTOP)
      // Its queue receives some, and the spool the rest.
      let stopped = try await tell(30, site)
      #expect(stopped.values.reduce(0, +) == 30 && Set(stopped.keys) == [0, 4], "\(stopped)")
      service.process.send(SIGCONT)
      try await hears(35, site)

      try await service.stop()
      #expect(try await tell(5, site) == [4: 5])
      service = try await ReaperService.start(site, options)
      try await hears(5, site)

      service.process.send(SIGKILL)
      try await service.process.exit()
      #expect(try await tell(5, site) == [4: 5])
      service = try await ReaperService.start(site, options)
      try await hears(5, site)
      #expect(try await tell(1, site) == [0: 1])
      try await hears(6, site)
      let spool = try FileManager.default.contentsOfDirectory(atPath: site.runDirectory + "/spool")
      #expect(spool.isEmpty)
      try await service.stop()
    }
  }

  /// Sends notifications about this number of executors, and counts the exit codes.
  private func tell(_ count: Int, _ site: ReaperSite) async throws -> [Int32: Int] {
    var codes: [Int32: Int] = [:]
    for _ in 0..<count {
      let executor = UUID().uuidString
      let code = try await site.notify("removed", "--framework", "f", "--executor", executor)
      codes[code, default: 0] += 1
    }
    return codes
  }

  /// Waits until the running reaper has received this number of events; additional ones would
  /// appear in the count of the next step.
  private func hears(_ count: Double, _ site: ReaperSite) async throws {
    try await eventually("\(Int(count)) events") {
      try await site.metrics()["pod_reaper_hook_events_total"] == count
    }
  }

  @Test(
    "remove a dead executor's pod at once, and no running one, another's, or a later run",
    arguments: TestEngine.all)
  func removed(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      // All have the same executor ID: dead, alive, and a dead one of another framework.
      var identities = [
        PodIdentity.forged(), .forged(by: .current()), .forged(),
      ]
      for index in 0...1 { identities[index].executorID = "executor-again" }
      identities[2].executorID = "executor-again"
      identities[2].frameworkID = "framework-2"
      let names = identities.map(\.run)
      try await withForged(identities, on: engine) { pods in
        for pod in pods {
          try await pod.container(starts: true)
          try await pod.network()
          try await pod.volume()
        }
        try await ReaperService.with(site) { _ in
          for (run, verdict) in zip(names, ["undecided", "alive", "undecided"]) {
            #expect(try await site.status(of: run)?.verdict == verdict)
          }
          let code = try await site.notify(
            "removed", "--framework", "framework-1", "--executor", "executor-again")
          #expect(code == 0)
          try await site.isRid(of: names[0])
          for pod in pods[1...] {
            let left = try await pod.left()
            #expect(
              left.containers.count == 1 && left.networks.count == 1 && left.volumes.count == 1)
          }
          let alive = try await site.status(of: names[1])
          #expect(alive?.verdict == "alive", "the agent's word alone is no proof")
        }
      }
    }
  }

  @Test("of a start have the sandbox, which explain prints", arguments: one)
  func started(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withForged([.forged(by: .current())], on: engine) { pods in
        let name = try await pods[0].container()
        try await ReaperService.with(site) { _ in
          let run = pods[0].identity.run
          #expect(
            try await site.notify("started", "--run", run, "--sandbox", "/var/lib/mesos/s") == 0)
          try await eventually("the sandbox") {
            try await site.reaper(["explain", name]).output().contains("sandbox   /var/lib/mesos/s")
          }
        }
      }
    }
  }
}
