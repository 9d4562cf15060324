import AgentStandIn
import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

extension SystemdDriverTests {
  @Test("continues after its executor is killed, until a reaper removes it with its slice")
  func crash() async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, fullPod) { pod in
        try await pod.running()
        let before = try await pod.untouched()
        let alive = try await site.once()
        #expect(alive.pod(pod.run)?.verdict == "alive", "\(alive)")
        #expect(try await pod.untouched() == before)
        try await pod.kill()
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.pod(pod.run)?.removed["cgroups"] == [try #require(PodSlice(run: pod.run)).path])
        #expect(try await Leftovers.of(run: pod.run, on: engine).isEmpty)
        try await eventually("no unit is left") { try await systemd.units(pod.run).isEmpty }
      }
    }
  }

  @Test("is removed at once after its executor is killed if the reaper's daemon runs")
  func crashWithDaemon() async throws {
    try await withReaperSite(on: engine) { site in
      try await ReaperService.with(site, ["--interval", "60s"]) { _ in
        try await withPod(on: engine, Self.two) { pod in
          try await pod.running()
          try await eventually("the reaper knows it") {
            try await site.status(of: pod.run)?.verdict == "alive"
          }
          let begin = ContinuousClock.now
          try await pod.kill()
          try await site.isRid(of: pod.run)
          print("from SIGKILL to nothing left: \(ContinuousClock.now - begin)")
        }
      }
    }
  }

  /// Creates a slice with a run's name that no executor has created.
  private func makeSlice(_ run: String) async throws -> PodSlice {
    let slice = try #require(PodSlice(run: run))
    // Its scope exits at once, and the slice is kept.
    _ = try await engine.inside(
      "systemd-run", "--scope", "--quiet", "--slice", slice.unit, "true"
    ).output()
    return slice
  }

  @Test("is removed by the reaper if only its empty slice is left")
  func emptySlices() async throws {
    try await withReaperSite(on: engine) { site in
      // An executor whose SIGKILL leaves only the slice: another client removes its containers.
      try await withPod(on: engine, Self.two) { pod in
        try await pod.running()
        try await pod.kill()
        let names = ["\(pod.task)_a", "\(pod.task)_b"]
        _ = try await engine.docker(["rm", "-f"] + names).output()
        let networks = try await Leftovers.of(run: pod.run, on: engine).networks
        _ = try await engine.docker(["network", "rm"] + networks).output()
        #expect(try await systemd.units(pod.run).count == 1)
        try await eventually("a reaper removes it") {
          let end = try await site.once()
          let left = try await systemd.units(pod.run)
          return end.status == .exited(0) && left.isEmpty
        }
      }
      // A running executor keeps its slice, even if the slice is empty.
      try await withPod(on: engine, Self.two) { pod in
        try await pod.running()
        let slice = try #require(PodSlice(run: pod.run))
        let before = try await systemd.show(slice.unit, "ActiveEnterTimestampMonotonic")
        for name in ["a", "b"] {
          // Stopped by a signal, so that it doesn't detect the removal.
          pod.send(SIGSTOP)
          _ = try await engine.docker("rm", "-f", "\(pod.task)_\(name)").output()
        }
        let networks = try await Leftovers.of(run: pod.run, on: engine).networks
        _ = try await engine.docker(["network", "rm"] + networks).output()
        for _ in 0..<3 { _ = try await site.once() }
        #expect(try await systemd.show(slice.unit, "ActiveEnterTimestampMonotonic") == before)
        #expect(try await systemd.show(slice.unit, "ActiveState") == "active")
        pod.send(SIGCONT)
        _ = try await pod.ended()
      }
      // A slice whose description names no executor is never removed.
      let run = UUID().uuidString.lowercased()
      let slice = try await makeSlice(run)
      for _ in 0..<3 { _ = try await site.once() }
      #expect(try await systemd.show(slice.unit, "ActiveState") == "active")
      _ = try await engine.inside("systemctl", "stop", slice.unit).output()
    }
  }

  @Test("isn't removed with a stranger's container that runs in its slice")
  func stranger() async throws {
    try await withReaperSite(on: engine) { site in
      for isKilled in [false, true] {
        let run = UUID().uuidString.lowercased()
        let slice = try #require(PodSlice(run: run))
        let stranger = "stranger-\(run.prefix(8))"
        try await withPod(on: engine, Self.two, PodSettings(run: run)) { pod in
          try await pod.running()
          _ = try await engine.docker(
            "run", "-d", "--name", stranger, "--cgroup-parent", slice.unit, "pod-test/busybox",
            "sleep", "1000"
          ).output()
          let format = ["inspect", "--format", "{{.State.Running}} {{.State.StartedAt}}", stranger]
          let before = try await engine.docker(format).output()
          if isKilled {
            try await pod.kill()
            let end = try await site.once()
            #expect(end.status == .exited(1), "\(end)")
          } else {
            pod.send(SIGTERM)
            let end = try await pod.ended()
            #expect(end.status == .exited(1))
            #expect(end.message.contains("cgroup \(slice.path)"), "\(end)")
          }
          #expect(try await engine.docker(format).output() == before)
          #expect(try await systemd.show(slice.unit, "ActiveState") == "active")
          let left = try await Leftovers.of(run: run, on: engine)
          #expect(left.containers.isEmpty && left.networks.isEmpty)
          _ = try await engine.docker("rm", "-f", stranger).output()
          try await eventually("a reaper removes the rest") {
            _ = try await site.once()
            return try await Leftovers.of(run: run, on: engine).isEmpty
          }
        }
      }
    }
  }

  @Test("is protected by its lease if its executor has its own pid namespace")
  func ownNamespace() async throws { try await ReaperLeaseTests().ownNamespace(on: engine) }

  @Test("leaves no failed scope in systemd")
  func failedScope() async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, Self.two) { pod in
        try await pod.running()
        let slice = try #require(PodSlice(run: pod.run))
        let scope = PodSlice.scope(of: String(repeating: "0", count: 56) + pod.run.prefix(8))
        _ = try await engine.inside(
          "systemd-run", "--scope", "--quiet", "--unit", scope, "--slice", slice.unit,
          "-p", "RuntimeMaxSec=100ms", "sleep", "10"
        ).run()
        try await eventually("the failed scope") {
          try await systemd.show(scope, "ActiveState") == "failed"
        }
        try await pod.kill()
        #expect(try await site.once().status == .exited(0))
        try await eventually("no unit is left") { try await systemd.units(pod.run).isEmpty }
        try await eventually("no failed scope") {
          try await systemd.show(scope, "ActiveState") == "inactive"
        }
      }
    }
  }
}
