import Foundation
import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Cgroups

/// These tests use the host's real hierarchies, in directories named by the test, as root.
@Suite("A cgroup's processes", .serialized)
struct FreezerTests {
  private let tree: CgroupTree
  private let root = "/compose-pods-test-\(UUID().uuidString)"

  init() throws { tree = CgroupTree(mounts: try CgroupMounts.current()) }

  /// Starts a shell with a child, puts both into a cgroup of the hierarchies, and calls `body` with
  /// the shell.
  private func with(
    _ path: String, in hierarchies: [CgroupHierarchy], program: String = "sleep 1000 & wait",
    _ body: (_ process: Process) async throws -> Void
  ) async throws {
    for hierarchy in tree.mounts.hierarchies {
      try FileManager.default.createDirectory(
        atPath: hierarchy.mountPoint + path, withIntermediateDirectories: true)
    }
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.arguments = ["-c", "read go || exit; \(program)"]
    let input = Pipe()
    shell.standardInput = input
    try shell.run()
    do {
      for hierarchy in hierarchies {
        try "\(shell.processIdentifier)".write(
          toFile: hierarchy.mountPoint + path + "/cgroup.procs", atomically: false, encoding: .utf8)
      }
      input.fileHandleForWriting.write(Data("go\n".utf8))
      try await body(shell)
    } catch { Issue.record("\(error)") }
    _ = tree.thaw(root + "/run")
    _ = await tree.kill(root + "/run", within: .seconds(5))
    if shell.isRunning { kill(shell.processIdentifier, SIGKILL) }
    try await eventually("the end of the shell") { !shell.isRunning }
    _ = tree.remove(root + "/run")
    for hierarchy in tree.mounts.hierarchies { rmdir(hierarchy.mountPoint + root) }
  }

  private func count(_ path: String) -> Int {
    if case .populated(let processes) = tree.occupancy(path) { return processes.count }
    return 0
  }

  private var versions: [[CgroupHierarchy]] {
    // A new cpuset accepts no process before it has CPUs.
    let all = tree.mounts.hierarchies.filter { !$0.controllers.contains("cpuset") }
    return [all.filter { $0.version == .v1 }, all.filter { $0.version == .v2 }]
      .filter { !$0.isEmpty }
  }

  private func freeze(_ path: String) throws {
    for hierarchy in tree.mounts.hierarchies {
      let isFreezer = hierarchy.controllers.contains("freezer")
      guard isFreezer || hierarchy.version == .v2 else { continue }
      let file = hierarchy.mountPoint + path + (isFreezer ? "/freezer.state" : "/cgroup.freeze")
      try (isFreezer ? "FROZEN" : "1").write(toFile: file, atomically: false, encoding: .utf8)
    }
  }

  @Test("are killed with those of the groups below, in either version")
  func ended() async throws {
    for hierarchies in versions {
      try await with(root + "/run/container/sub", in: hierarchies) { shell in
        try await eventually("processes in the group") { count(root + "/run") == 2 }
        #expect(await tree.kill(root + "/run/container", within: .seconds(180)) == .empty)
        try await eventually("the end of the shell") { !shell.isRunning }
        #expect(shell.terminationReason == .uncaughtSignal && shell.terminationStatus == SIGKILL)
      }
    }
  }

  @Test("are reported as killed although the group is removed immediately afterwards")
  func removedMeanwhile() async throws {
    for hierarchies in versions {
      try await with(root + "/run/container", in: hierarchies) { shell in
        try await eventually("processes in the group") { count(root + "/run") == 2 }
        let groups = tree.mounts.hierarchies.map { $0.mountPoint + root + "/run/container" }
        let isOver = Atomic(false)
        async let removal: Void = onThread {
          while !isOver.load(ordering: .relaxed) {
            for group in groups { rmdir(group) }
            sched_yield()
          }
        }
        #expect(await tree.kill(root + "/run/container", within: .seconds(180)) == .empty)
        isOver.store(true, ordering: .relaxed)
        try await removal
        try await eventually("the end of the shell") { !shell.isRunning }
      }
    }
  }

  @Test("are killed even if they constantly create new ones")
  func multiplying() async throws {
    for hierarchies in versions {
      try await with(
        root + "/run/container", in: hierarchies,
        program: "for i in $(seq 400); do sleep 1000 & done; wait"
      ) { shell in
        try await eventually("processes in the group") { count(root + "/run") > 20 }
        #expect(await tree.kill(root + "/run/container", within: .seconds(180)) == .empty)
      }
    }
  }

  @Test("are killed even if they are frozen, here or above")
  func frozen() async throws {
    for hierarchies in versions {
      for group in ["/run", "/run/container"] {
        try await with(root + "/run/container", in: hierarchies) { shell in
          try await eventually("processes in the group") { count(root + "/run") == 2 }
          try freeze(root + group)
          #expect(await tree.kill(root + "/run", within: .seconds(180)) == .empty)
        }
      }
    }
  }

  @Test("continue when they are thawed, and those that were not frozen are not affected")
  func thawed() async throws {
    for hierarchies in versions {
      try await with(root + "/run/container", in: hierarchies, program: "exec sleep 1000") {
        shell in
        try freeze(root + "/run")
        try freeze(root + "/run/container")
        #expect(tree.thaw(root + "/run", alone: true).thawed.isEmpty == false)
        let below = tree.thaw(root + "/run")
        #expect(below.thawed.allSatisfy { $0.hasSuffix("/run/container") })
        #expect(!below.thawed.isEmpty && below.failed.isEmpty)
        #expect(tree.thaw(root + "/run").thawed.isEmpty)
        // If it were frozen on version 1, SIGKILL would have no effect.
        kill(shell.processIdentifier, SIGKILL)
        try await eventually("the end of the shell") { !shell.isRunning }
      }
    }
  }

  @Test("outside of it are not affected, nor those in directories that are kept")
  func others() async throws {
    for hierarchies in versions {
      try await with(root + "/run/container", in: hierarchies) { shell in
        try await eventually("processes in the group") { count(root + "/run") == 2 }
        #expect(await tree.kill(root + "/run/other", within: .seconds(5)) == .missing)
        #expect(await tree.kill(root + "/run/cont", within: .seconds(5)) == .missing)
        let kept = Set(tree.directories(of: root + "/run/container"))
        #expect(
          await tree.kill(root + "/run", keeping: kept, within: .zero) == .empty)
        #expect(shell.isRunning)
        #expect(count(root + "/run") == 2)
      }
    }
  }

  @Test("are not killed, thawed or removed by a path that isn't strictly below a top directory")
  func paths() async throws {
    for path in [
      "", "/", "//", "/x", root, "\(root)/", "\(root)/.", "\(root)/..", "\(root)/run/..",
      "\(root)//run", "run", "\(root)/run\n", "\(root)/run\0", "\(root)/../\(root)/run",
      "\(root)/\(String(repeating: "x", count: 256))",
    ] {
      guard case .unreadable = await tree.kill(path, within: .zero) else {
        Issue.record("'\(path)' is taken")
        continue
      }
      #expect(tree.remove(path).map(\.reason) == [.invalidArgument], "\(path)")
      #expect(tree.thaw(path).failed.map(\.reason) == [.invalidArgument], "\(path)")
    }
  }

  @Test("are never killed if they are this one")
  func own() async throws {
    // A plain directory replaces the hierarchy, because the test itself must not move.
    let root = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: root) }
    try FileManager.default.createDirectory(
      atPath: root + "/mesos/run", withIntermediateDirectories: true)
    let stranger = Process()
    stranger.executableURL = URL(fileURLWithPath: "/bin/sleep")
    stranger.arguments = ["1000"]
    try stranger.run()
    defer { Glibc.kill(stranger.processIdentifier, SIGKILL) }
    // It lists this process, and one that is elsewhere according to /proc.
    try "\(getpid())\n\(stranger.processIdentifier)\n".write(
      toFile: root + "/mesos/run/cgroup.procs", atomically: false, encoding: .utf8)
    try "".write(toFile: root + "/mesos/run/cgroup.kill", atomically: false, encoding: .utf8)
    let tree = CgroupTree(
      mounts: CgroupMounts(mountinfo: "32 31 0:29 / \(root) rw - cgroup2 cgroup2 rw"))
    let occupancy = await tree.kill("/mesos/run", within: .milliseconds(50))
    #expect(occupancy == .populated([stranger.processIdentifier]))
    #expect(stranger.isRunning)
    #expect(try String(contentsOfFile: root + "/mesos/run/cgroup.kill", encoding: .utf8) == "")
  }
}
