import Cgroups
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import LibcgroupTree

/// A host's way to mount its hierarchies, in a mount namespace of the test's own.
struct CgroupView: Sendable, CustomTestStringConvertible {
  let name: String
  /// The shell commands that make it of this host's mounts.
  let setup: String
  /// Which of this host's hierarchies it has.
  let has: @Sendable (CgroupHierarchy) -> Bool

  var testDescription: String { name }

  /// All that this host's mounts allow: without version 1 there is only version 2.
  static let all: [CgroupView] = {
    let mounts = (try? CgroupMounts.current().hierarchies) ?? []
    let unified = mounts.first { $0.version == .v2 }?.mountPoint
    let v2 = CgroupView(
      name: "version 2",
      setup: "umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup",
      has: { $0.version == .v2 })
    guard mounts.contains(where: { $0.version == .v1 }) else { return [v2] }
    let v1 = CgroupView(
      name: "version 1", setup: unified.map { "umount \($0)" } ?? ":", has: { $0.version == .v1 })
    guard unified != nil else { return [v1] }
    return [CgroupView(name: "hybrid", setup: ":", has: { _ in true }), v1, v2]
  }()

  /// This host's mounts as they are.
  static let host = CgroupView(name: "the host's", setup: ":", has: { _ in true })
}

/// Groups of a test's own in all hierarchies of this host, and the tool that works on them.
struct CgroupScene: Sendable {
  /// What the tool says still exists.
  struct Left: Decodable, Hashable {
    var folder: String
    var reason: Int32
  }

  let root = "/libcgroup-test-\(UUID().uuidString)"
  let mounts: CgroupMounts
  /// A directory outside of the hierarchies.
  let folder: TemporaryFolder

  /// Own calls, on the host's mounts.
  var folders: CgroupFolders { CgroupFolders(mounts: mounts) }
  var run: String { root + "/run" }

  static func with(_ body: (CgroupScene) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let scene = CgroupScene(mounts: try .current(), folder: folder)
      do {
        try await body(scene)
      } catch { Issue.record("\(error)") }
      for hierarchy in scene.mounts.hierarchies {
        // By names relative to their directories, since paths may be longer than the kernel takes.
        _ = try await Command(
          "find",
          [
            hierarchy.mountPoint + scene.root, "-depth", "-type", "d", "-execdir", "rmdir", "{}",
            ";",
          ]
        ).run()
      }
      #expect(scene.folders.folders(of: scene.root) == [])
    }
  }

  /// Makes a group in hierarchies of this host, all of them by default.
  func make(_ path: String, where isWanted: (CgroupHierarchy) -> Bool = { _ in true }) throws {
    for hierarchy in mounts.hierarchies where isWanted(hierarchy) {
      try FileManager.default.createDirectory(
        atPath: hierarchy.mountPoint + path, withIntermediateDirectories: true)
    }
  }

  /// The hierarchies, by name, that have a group.
  func hierarchies(with path: String) -> Set<String> {
    Set(
      mounts.hierarchies.filter {
        FileManager.default.fileExists(atPath: $0.mountPoint + path)
      }.map(\.name))
  }

  func mountPoint(of controller: String) throws -> String {
    try #require(mounts.hierarchies.first { $0.controllers.contains(controller) }).mountPoint
  }

  /// Runs the tool in a view.
  func tool(
    _ arguments: [String], in view: CgroupView, setup: String = ":",
    environment: [String: String] = [:]
  ) async throws -> String {
    let script = "\(view.setup)\n\(setup)\nexec \"$@\""
    let result = try await Command(
      "unshare",
      ["-m", "sh", "-ec", script, "sh", BuiltProgram.beside("cgroup-tool")] + arguments,
      environment: environment
    ).run()
    #expect(result.status.isSuccess && result.stderr.isEmpty, "\(result)")
    return result.stdout
  }

  /// Removes a group by the tool, in a view, with libcgroup.
  ///
  /// - Parameters:
  ///   - path: the group.
  ///   - view: the view.
  ///   - setup: shell commands before the tool reads the mounts.
  ///   - between: shell commands between that and the removal.
  ///   - again: whether the library reads the mounts once more before the removal.
  ///   - own: whether it is done without libcgroup.
  /// - Returns: what still exists.
  /// - Throws: what starting the tool or decoding its output throws.
  func remove(
    _ path: String, in view: CgroupView = .host, setup: String = ":", between: String? = nil,
    again: Bool = false, own: Bool = false
  ) async throws -> Set<Left> {
    let arguments =
      ["remove", path] + (between.map { ["--between", $0] } ?? []) + (own ? ["--own"] : [])
      + (again ? ["--again"] : [])
    let text = try await tool(arguments, in: view, setup: setup)
    return Set(try JSONDecoder().decode([Left].self, from: Data(text.utf8)))
  }

  /// Runs a process that sleeps in a group, in all hierarchies that take it, while the body runs.
  func withSleeper(in path: String, _ body: (_ pid: Int32) async throws -> Void) async throws {
    let sleeper = try Command("sleep", ["1000"]).start()
    do {
      // A new cpuset takes no process before it has been given processors.
      for hierarchy in mounts.hierarchies where !hierarchy.controllers.contains("cpuset") {
        try "\(sleeper.pid)".write(
          toFile: hierarchy.mountPoint + path + "/cgroup.procs", atomically: false,
          encoding: .utf8)
      }
      try await body(sleeper.pid)
    } catch { Issue.record("\(error)") }
    sleeper.send(SIGKILL)
    try await sleeper.exit()
  }
}

extension LibcgroupTable {
  /// A group that the library must know.
  func group(_ path: String, in hierarchy: CgroupHierarchy) throws -> CgroupGroup {
    let lookup = library.group(FilePath(hierarchy.mountPoint + path), in: hierarchy)
    guard case .group(let group) = lookup else { throw POSIXError(.ENOENT) }
    return group
  }
}
