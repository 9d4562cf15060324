import DockerEngine
import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

/// dockerd's responses for a container that it can't remove at once. Each of these faults
/// disappears after a while, or never.
private let refusals = [
  // https://github.com/moby/moby/issues/22312
  EngineTap.Fault(
    request: "^DELETE /containers/", status: 409,
    message: "removal of container 0123456789ab is already in progress"),
  EngineTap.Fault(
    request: "^DELETE /containers/", status: 500,
    message: "container 0123456789ab: driver \"overlay2\" failed to remove root filesystem: "
      + "unlinkat /data/overlay2/0123/merged: device or resource busy"),
]

/// dockerd lists a container that it failed to remove as dead.
private let dead = EngineTap.Fault(
  request: "^GET /containers/",
  swaps: [
    [#""State":"exited""#, #""State":"dead"  "#], [#""Status":"exited""#, #""Status":"dead"  "#],
    [#""State":"created""#, #""State":"dead"   "#],
  ])

@Suite("A container that the engine can't remove at once", .needsEngine, .throttled)
struct PeerFaultRemovalTests {
  private static let file = "services:\n  web: {image: founding/base}\n"

  private func times(_ count: Int, _ fault: EngineTap.Fault) -> EngineTap.Fault {
    var fault = fault
    fault.times = count
    return fault
  }

  private func settings(_ tap: EngineTap, cleanup: String) -> PodSettings {
    PodSettings(
      options: ["--grace", "2s", "--cleanup-timeout", cleanup],
      environment: ["DOCKER_HOST": tap.dockerHost])
  }

  @Test("is retried until it is removed", arguments: refusals.indices)
  func triedAgain(number: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    let faults = [times(3, refusals[number]), dead]
    try await EngineTap.with(engine, faults: faults) { tap in
      try await withPod(on: engine, Self.file, settings(tap, cleanup: "20s")) { pod in
        try await pod.running()
        pod.send(SIGTERM)
        let end = try await pod.ended()
        #expect(end.status == .exited(130), "\(end)")
        #expect(tap.injections.filter { $0.hasPrefix("DELETE") }.count == 3)
      }
    }
  }

  @Test("doesn't delay the stop, which reports it with the reason", arguments: refusals.indices)
  func bounded(number: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    try await EngineTap.with(engine, faults: [refusals[number], dead]) { tap in
      try await withPod(on: engine, Self.file, settings(tap, cleanup: "8s")) { pod in
        try await pod.running()
        let container = try #require(try await pod.containers()["web"]).Id
        let clock = ContinuousClock.now
        pod.send(SIGTERM)
        let end = try await pod.ended()
        // The default of the cleanup timeout is 120 s.
        #expect(ContinuousClock.now - clock < .seconds(90))
        #expect(end.status == .exited(1), "\(end)")
        #expect(end.states.last == "TASK_KILLED", "\(end)")
        #expect(end.message.contains("container \(container.prefix(12))"), "\(end)")
        #expect(end.message.contains(refusals[number].message), "\(end)")
        try await Leftovers.of(run: pod.run, on: engine).remove(from: engine)
      }
    }
  }

  @Test("is retried by the reaper until it is removed", arguments: refusals.indices)
  func reaper(number: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      try await withForged([.forged()], on: engine) { pods in
        let run = pods[0].identity.run
        try await pods[0].container()
        try await EngineTap.with(engine, faults: [times(3, refusals[number]), dead]) { tap in
          let end = try await tapped(site, tap).once()
          #expect(end.status == .exited(0), "\(end)")
          #expect(end.pod(run)?.removed["containers"]?.count == 1, "\(end)")
          #expect(tap.injections.filter { $0.hasPrefix("DELETE") }.count == 3)
        }
        #expect(try await pods[0].left().isEmpty)
      }
    }
  }

  @Test("doesn't block the reaper, which reports it and continues", arguments: refusals.indices)
  func reaperBounded(number: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      try await withForged([.forged(), .forged()], on: engine) { pods in
        let stuck = try await pods[0].container()
        try await pods[1].container()
        var fault = refusals[number]
        fault = EngineTap.Fault(
          request: "^DELETE /containers/\(stuck)", status: fault.status, message: fault.message)
        try await EngineTap.with(engine, faults: [fault, dead]) { tap in
          var first: ReaperEnd?
          let limit = Duration.seconds(20)
          let took = try await leastDuration(below: limit) {
            let clock = ContinuousClock.now
            let end = try await tapped(site, tap).once("--removal-timeout", "2s")
            let took = ContinuousClock.now - clock
            if first == nil { first = end }
            return took
          }
          #expect(took < limit)
          let end = try #require(first)
          #expect(end.status == .exited(1), "\(end)")
          let failed = end.pod(pods[0].identity.run)?.failed ?? []
          #expect(failed.map(\.kind) == ["containers"], "\(end)")
          #expect(failed.first?.reason.contains(fault.message) == true, "\(end)")
          #expect(try await pods[1].left().isEmpty)
        }
        #expect(try await site.once().status == .exited(0))
        #expect(try await pods[0].left().isEmpty)
      }
    }
  }

  private func tapped(_ site: ReaperSite, _ tap: EngineTap) -> ReaperSite {
    ReaperSite(
      engine: TestEngine(socket: tap.sockets[0], cgroups: site.engine.cgroups),
      directory: site.directory,
      root: site.root)
  }
}
