import Foundation
import SystemPackage
import Testing

@testable import Cgroups

/// These work on the host's real hierarchies, in folders named by the test, as root.
@Suite("Cgroup folders", .serialized)
struct CgroupFoldersTests {
  private let folders: CgroupFolders
  private let root = "/compose-pods-test-\(UUID().uuidString)"

  init() throws { folders = CgroupFolders(mounts: try CgroupMounts.current()) }

  private func make(_ path: String) throws -> [String] {
    try folders.mounts.hierarchies.map { hierarchy in
      let folder = hierarchy.mountPoint + path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      return folder
    }
  }

  private func removeRoot() {
    for hierarchy in folders.mounts.hierarchies { rmdir(hierarchy.mountPoint + root) }
  }

  @Test("of a pod are removed in every hierarchy, with those below, and the root stays")
  func removal() throws {
    defer { removeRoot() }
    let made = try make(root + "/run/container")
    #expect(made.count > 1)
    #expect(folders.folders(of: root + "/run").count == made.count)
    #expect(folders.remove(root + "/run").isEmpty)
    #expect(folders.folders(of: root + "/run").isEmpty)
    #expect(folders.folders(of: root).count == made.count)
  }

  @Test("with a living process are left, and said to be")
  func busy() throws {
    let sleeper = Process()
    sleeper.executableURL = URL(fileURLWithPath: "/bin/sleep")
    sleeper.arguments = ["60"]
    try sleeper.run()
    defer {
      sleeper.terminate()
      sleeper.waitUntilExit()
      _ = folders.remove(root + "/run")
      removeRoot()
    }
    _ = try make(root + "/run")
    let pids = try #require(
      folders.folders(of: root + "/run").first { $0.contains("freezer") || $0.contains("unified") }
    )
    try "\(sleeper.processIdentifier)".write(
      toFile: pids + "/cgroup.procs", atomically: false, encoding: .utf8)
    let left = folders.remove(root + "/run")
    #expect(left.map(\.folder) == [pids])
    #expect(left.first?.reason == .resourceBusy)
    #expect(sleeper.isRunning)
  }

  @Test("where a process lives, and those above, are its own")
  func own() {
    let mounts = CgroupMounts(
      mountinfo: """
        32 31 0:29 / /cg/freezer rw - cgroup cgroup rw,freezer
        33 31 0:30 / /cg/pids rw - cgroup cgroup rw,pids
        """)
    let membership = CgroupMembership(text: "6:freezer:/mesos/r\n5:pids:/\n0::/")
    #expect(
      CgroupFolders(mounts: mounts).own(membership: membership)
        == ["/cg/freezer/mesos/r", "/cg/freezer/mesos"])
  }
}
