import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

@Suite("pod-reaper on Linux 3.10", .needsEngine)
struct OldLinuxReaperTests {
  /// A grace that no test here can wait for: only a lease is quicker.
  private static let patient = ["--grace", "5m"]

  @Test(
    "detects an executor's exit by its lease, and removes its pod at once",
    arguments: TestEngine.all)
  func lease(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let site = site.onOldLinux
      try await ReaperService.with(site, Self.patient) { _ in
        let settings = PodSettings(
          environment: site.leaseEnvironment, executor: OldLinux.executor)
        try await withPod(on: engine, fullPod, settings) { living in
          try await withPod(on: engine, fullPod, settings) { dead in
            try await living.running()
            try await dead.running()
            try await site.holdsLeases(of: [living.run, dead.run])
            let before = try await living.untouched()
            try await dead.kill()
            try await site.isRid(of: dead.run)
            #expect(try await living.untouched() == before)
            #expect(try await site.status(of: living.run)?.verdict == "alive")
            // An executor that exits by itself releases its lease, and leaves nothing to remove.
            living.send(SIGTERM)
            #expect(try await living.ended().status == .exited(130))
          }
        }
      }
    }
  }

  @Test("removes the objects of a killed executor with --once", arguments: TestEngine.all)
  func once(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let site = site.onOldLinux
      let settings = PodSettings(executor: OldLinux.executor)
      try await withPod(on: engine, fullPod, settings) { living in
        try await withPod(on: engine, fullPod, settings) { dead in
          try await living.running()
          try await dead.running()
          let before = try await living.untouched()
          try await dead.kill()
          let end = try await site.once()
          #expect(end.status == .exited(0), "\(end)")
          #expect(end.pod(dead.run)?.verdict == "leaked", "\(end)")
          #expect(end.pod(living.run)?.verdict == "alive", "\(end)")
          try await expectNothingLeft(of: dead)
          #expect(try await living.untouched() == before)
        }
      }
    }
  }

  @Test("receives the hook's events, and reads the spooled ones", arguments: TestEngine.all)
  func hook(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let site = site.onOldLinux
      let options = Self.patient + ["--metrics", site.metricsSocket]
      func told(_ count: Double) async throws {
        try await eventually("\(Int(count)) events") {
          try await site.metrics()["pod_reaper_hook_events_total"] == count
        }
      }
      let words = ["--framework", "framework-1", "--executor"]
      #expect(try await site.notify("removed", words[0], words[1], words[2], "e-0") == 4)
      try await ReaperService.with(site, options) { _ in
        // Exchanging the spool for an empty one needs renameat2: without it, the spool is read in
        // place.
        try await told(1)
        #expect(try await site.notify("removed", words[0], words[1], words[2], "e-1") == 0)
        try await told(2)
        let spool = try FileManager.default.contentsOfDirectory(
          atPath: site.runDirectory + "/spool")
        #expect(spool.isEmpty)
        // The event triggers a pass: the pod's process proves its death.
        let dead = PodIdentity.forged()
        try await withForged([dead], on: engine) { pods in
          try await pods[0].container(starts: true)
          let code = try await site.notify(
            "removed", words[0], dead.frameworkID, words[2], dead.executorID)
          #expect(code == 0)
          try await site.isRid(of: dead.run)
        }
      }
    }
  }
}
