import Cgroups
import Foundation
import PodIdentity
import PodObjects
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// These tests use plain directories in place of two hierarchies.
@Suite("The removal of a run's cgroups")
struct CgroupRemoverTests {
  private static let run = "/compose-pods/run-1"
  private static let container = String(repeating: "a", count: 64)

  private struct Host {
    let roots: [String]

    func remover(keeping: Set<String> = []) -> CgroupRemover {
      let mounts = CgroupMounts(
        mountinfo: """
          32 31 0:29 / \(roots[0]) rw - cgroup cgroup rw,memory
          33 31 0:30 / \(roots[1]) rw - cgroup cgroup rw,pids
          """)
      return CgroupRemover(tree: CgroupTree(mounts: mounts), keeping: keeping)
    }

    func make(_ path: String) throws {
      for root in roots {
        try FileManager.default.createDirectory(
          atPath: root + path, withIntermediateDirectories: true)
      }
    }

    /// Simulates a process in a group of one hierarchy.
    func populate(_ path: String) throws {
      try "4711\n".write(
        toFile: roots[0] + path + "/cgroup.procs", atomically: false, encoding: .utf8)
    }

    func exists(_ path: String) -> [Bool] {
      roots.map { FileManager.default.fileExists(atPath: $0 + path) }
    }
  }

  private func with(_ body: (Host) async throws -> Void) async throws {
    try await withTemporaryDirectory { directory in
      try await body(Host(roots: [directory.path + "/memory", directory.path + "/pids"]))
    }
  }

  private func remove(
    _ host: Host, _ scope: CgroupRemover.Scope, keeping: Set<String> = []
  ) async -> CgroupRemover.RemovalOutcome {
    await host.remover(keeping: keeping).remove(Self.run, scope, within: .zero) { slice in
      Issue.record("\(slice.unit) was to be stopped")
    }
  }

  @Test("removes all of them, and completes if there is none")
  func whole() async throws {
    try await with { host in
      try host.make("\(Self.run)/\(Self.container)/below")
      #expect(await remove(host, .run).isNothing)
      #expect(host.exists(Self.run) == [false, false])
      #expect(host.exists("/compose-pods") == [true, true])
      #expect(await remove(host, .run).isNothing)
    }
  }

  @Test("removes none of a run that has a process in any hierarchy")
  func populated() async throws {
    try await with { host in
      try host.make("\(Self.run)/\(Self.container)")
      try host.populate("\(Self.run)/\(Self.container)")
      guard case .directories(let left) = await remove(host, .run) else {
        Issue.record("a slice")
        return
      }
      #expect(left.map(\.directory) == host.roots.map { $0 + Self.run })
      #expect(left.allSatisfy { $0.reason == .resourceBusy })
      #expect(host.exists("\(Self.run)/\(Self.container)") == [true, true])
    }
  }

  @Test("removes empty groups if the executor itself is in the run's cgroup, and keeps that")
  func own() async throws {
    try await with { host in
      try host.make("\(Self.run)/\(Self.container)")
      try host.populate(Self.run)
      let own = host.roots[0] + Self.run
      #expect(await remove(host, .emptyGroups, keeping: [own]).isNothing)
      #expect(host.exists("\(Self.run)/\(Self.container)") == [false, false])
      #expect(host.exists(Self.run) == [true, false])
    }
  }

  @Test("removes only containers' groups if the rest is the agent's")
  func containers() async throws {
    try await with { host in
      for name in [Self.container, "mesos", "leaf"] { try host.make("\(Self.run)/\(name)") }
      #expect(await remove(host, .containers).isNothing)
      #expect(host.exists("\(Self.run)/\(Self.container)") == [false, false])
      #expect(host.exists("\(Self.run)/mesos") == [true, true])
      #expect(host.exists("\(Self.run)/leaf") == [true, true])
    }
  }

  @Test("stops a slice without processes, and doesn't touch one that has to be kept")
  func slices() async throws {
    struct Refusal: Error {}
    let slice = try #require(PodSlice(run: "run-1"))
    try await with { host in
      let group = "\(slice.path)/\(PodSlice.scope(of: Self.container))"
      try host.make(group)
      try host.populate(group)
      let busy = await host.remover().remove(slice.path, .run, within: .zero) { slice in
        Issue.record("\(slice.unit) was to be stopped")
      }
      #expect(!busy.isNothing)
      for root in host.roots { unlink("\(root)\(group)/cgroup.procs") }
      let refused = await host.remover().remove(slice.path, .run, within: .seconds(9)) { _ in
        throw Refusal()
      }
      guard case .slice(slice, is Refusal) = refused else {
        Issue.record("\(refused)")
        return
      }
      #expect(host.exists(group) == [true, true])
      var stopped: [PodSlice] = []
      let left = await host.remover().remove(slice.path, .run, within: .zero) {
        stopped.append($0)
      }
      #expect(left.isNothing && stopped == [slice])
      #expect(host.exists(slice.path) == [false, false])
    }
  }

  @Test("stops before the next round once the cgroup has another user")
  func sharedMeanwhile() async throws {
    try await with { host in
      try host.make("\(Self.run)/\(Self.container)")
      try host.populate("\(Self.run)/\(Self.container)")
      let rounds = Mutex(0)
      var remover = host.remover()
      remover.isOwn = {
        rounds.withLock { count -> Bool in
          count += 1
          return count < 3
        }
      }
      let left = await remover.remove(Self.run, .run, within: .seconds(60)) { _ in }
      let count = rounds.withLock { $0 }
      #expect(left.isNothing && count == 3)
      #expect(host.exists("\(Self.run)/\(Self.container)") == [true, true])
    }
  }

  @Test("is denied only if that is the reason for all remaining groups")
  func denied() {
    func left(_ reasons: Errno...) -> CgroupRemover.RemovalOutcome {
      .directories(reasons.map { (directory: "/x", reason: $0) })
    }
    #expect(left(.permissionDenied, .notPermitted).isDenied)
    #expect(!left(.permissionDenied, .resourceBusy).isDenied)
    #expect(!left().isDenied && left().isNothing)
  }
}
