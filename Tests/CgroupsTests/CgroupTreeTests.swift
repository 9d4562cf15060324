import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Cgroups

/// These tests use the host's real hierarchies, in directories named by the test, as root.
@Suite("Cgroup directories", .serialized)
struct CgroupTreeTests {
  private let tree: CgroupTree
  private let root = "/compose-pods-test-\(UUID().uuidString)"

  init() throws { tree = CgroupTree(mounts: try CgroupMounts.current()) }

  private func make(_ path: String) throws -> [String] {
    try tree.mounts.hierarchies.map { hierarchy in
      let directory = hierarchy.mountPoint + path
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      return directory
    }
  }

  private func removeRoot() {
    for hierarchy in tree.mounts.hierarchies { rmdir(hierarchy.mountPoint + root) }
  }

  @Test("of a pod are removed in every hierarchy, with those below, and the root is kept")
  func removal() throws {
    defer { removeRoot() }
    let made = try make(root + "/run/container")
    #expect(made.count > 1)
    #expect(tree.directories(of: root + "/run").count == made.count)
    #expect(tree.remove(root + "/run").isEmpty)
    #expect(tree.directories(of: root + "/run").isEmpty)
    #expect(tree.directories(of: root).count == made.count)
  }

  @Test("with a process are kept and reported")
  func busy() async throws {
    let sleeper = try Command("/bin/sleep", ["60"]).start()
    defer { removeRoot() }
    _ = try make(root + "/run")
    let pids = try #require(
      tree.directories(of: root + "/run").first { $0.contains("freezer") || $0.contains("unified") }
    )
    try "\(sleeper.pid)".write(
      toFile: pids + "/cgroup.procs", atomically: false, encoding: .utf8)
    let left = tree.remove(root + "/run")
    #expect(left.map(\.directory) == [pids])
    #expect(left.first?.reason == .resourceBusy)
    #expect(sleeper.status == nil)
    sleeper.send(SIGKILL)
    try await eventually("an empty group") { tree.remove(root + "/run").isEmpty }
  }

  @Test("of a process, and those above, are its own")
  func own() {
    let mounts = CgroupMounts(
      mountinfo: """
        32 31 0:29 / /cg/freezer rw - cgroup cgroup rw,freezer
        33 31 0:30 / /cg/pids rw - cgroup cgroup rw,pids
        """)
    let membership = CgroupMembership(text: "6:freezer:/mesos/r\n5:pids:/\n0::/")
    #expect(
      CgroupTree(mounts: mounts).own(membership: membership)
        == ["/cg/freezer/mesos/r", "/cg/freezer/mesos"])
  }
}

/// These tests use plain directories in place of a hierarchy, for states that take long to create
/// with the kernel's.
@Suite("Unusual cgroup directories")
struct OddTreeTests {
  private func with(_ body: (_ tree: CgroupTree, _ root: String) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    let mounts = CgroupMounts(mountinfo: "32 31 0:29 / \(root) rw - cgroup2 cgroup2 rw")
    try body(CgroupTree(mounts: mounts), root)
  }

  @Test("are inspected and removed with any bytes in their names")
  func names() throws {
    try with { tree, root in
      try FileManager.default.createDirectory(
        atPath: root + "/mesos/run", withIntermediateDirectories: true)
      let odd = Array((root + "/mesos/run/").utf8CString.dropLast()) + [-1, -2, 0]
      #expect(mkdir(odd, 0o755) == 0)
      let processes = odd.dropLast() + Array("/cgroup.procs".utf8CString)
      let file = open(Array(processes), O_WRONLY | O_CREAT, 0o600)
      #expect(write(file, "4711\n", 5) == 5)
      close(file)
      #expect(tree.occupancy("/mesos/run") == .populated([4711]))
      #expect(unlink(Array(processes)) == 0)
      #expect(tree.occupancy("/mesos/run") == .empty)
      #expect(tree.remove("/mesos/run").isEmpty)
      #expect(tree.occupancy("/mesos/run") == .missing)
    }
  }

  @Test("are inspected and removed at any depth")
  func deep() throws {
    try with { tree, root in
      let deep = root + "/mesos/run" + String(repeating: "/x", count: 200)
      try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
      try "4711\n".write(toFile: deep + "/cgroup.procs", atomically: false, encoding: .utf8)
      #expect(tree.occupancy("/mesos/run") == .populated([4711]))
      #expect(unlink(deep + "/cgroup.procs") == 0)
      #expect(tree.remove("/mesos/run").isEmpty)
      #expect(tree.occupancy("/mesos/run") == .missing)
    }
  }

  @Test("that can't be read are not treated as empty")
  func unreadable() throws {
    try with { tree, root in
      try FileManager.default.createDirectory(
        atPath: root + "/mesos/run/sub/cgroup.procs", withIntermediateDirectories: true)
      guard case .unreadable = tree.occupancy("/mesos/run") else {
        Issue.record("\(tree.occupancy("/mesos/run"))")
        return
      }
      #expect(tree.occupancy("/mesos/run", excluding: ["sub"]) == .empty)
    }
  }

  @Test("are only found by canonical paths, byte by byte")
  func paths() {
    #expect(CgroupPath.isRun("/mesos/run", "run"))
    #expect(CgroupPath.isRun("/mesos/\u{301}run", "\u{301}run"))
    for path in [
      "/mesos/../\u{301}x/run", "/../\u{301}x/run", "/mesos/./run", "/mesos//run", "/run",
      "mesos/run",
      "/mesos/run/", "/mesos/run\u{0}", "/mesos/e\u{301}run", "",
    ] {
      #expect(!CgroupPath.isRun(path, "run"), "\(path)")
    }
    // One is composed, the other isn't: they are two directories.
    #expect(!CgroupPath.isRun("/mesos/\u{e9}", "e\u{301}"))
  }
}
