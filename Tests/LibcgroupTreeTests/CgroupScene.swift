import Cgroups
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import LibcgroupTree

/// A way to mount the host's hierarchies, in a mount namespace that a test creates.
struct CgroupView: Sendable, CustomTestStringConvertible {
  let name: String
  /// The shell commands that create the view from this host's mounts.
  let setup: String
  /// Returns true for each of this host's hierarchies that the view contains.
  let has: @Sendable (CgroupHierarchy) -> Bool

  var testDescription: String { name }

  /// All views that this host's mounts allow. A host without version 1 has only the view of version
  /// 2.
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

  /// This host's mounts, unchanged.
  static let host = CgroupView(name: "the host's", setup: ":", has: { _ in true })
}

/// Groups that a test creates in all hierarchies of this host, and the tool that removes them.
struct CgroupScene: Sendable {
  /// A group that still exists, as reported by the tool.
  struct Left: Decodable, Hashable {
    var directory: String
    var reason: Int32
  }

  let root = "/libcgroup-test-\(UUID().uuidString)"
  let mounts: CgroupMounts
  /// A directory outside the hierarchies.
  let directory: TemporaryDirectory

  /// This project's own calls, on the host's mounts.
  var tree: CgroupTree { CgroupTree(mounts: mounts) }
  var run: String { root + "/run" }

  static func with(_ body: (CgroupScene) async throws -> Void) async throws {
    try await withTemporaryDirectory { directory in
      let scene = CgroupScene(mounts: try .current(), directory: directory)
      do {
        try await body(scene)
      } catch { Issue.record("\(error)") }
      for hierarchy in scene.mounts.hierarchies {
        // Names are relative to their directories, since a path may exceed the kernel's limit.
        _ = try await Command(
          "find",
          [
            hierarchy.mountPoint + scene.root, "-depth", "-type", "d", "-execdir", "rmdir", "{}",
            ";",
          ]
        ).run()
      }
      #expect(scene.tree.directories(of: scene.root) == [])
    }
  }

  /// Creates a group in hierarchies of this host, by default in all of them.
  func make(_ path: String, where isWanted: (CgroupHierarchy) -> Bool = { _ in true }) throws {
    for hierarchy in mounts.hierarchies where isWanted(hierarchy) {
      try FileManager.default.createDirectory(
        atPath: hierarchy.mountPoint + path, withIntermediateDirectories: true)
    }
  }

  /// The names of the hierarchies in which a group exists.
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

  /// Removes a group with the tool and libcgroup, in a view.
  ///
  /// - Parameters:
  ///   - path: the group.
  ///   - view: the view.
  ///   - setup: shell commands that run before the tool reads the mounts.
  ///   - between: shell commands that run between reading the mounts and the removal.
  ///   - again: whether the library reads the mounts again before the removal.
  ///   - own: whether the removal uses this project's own calls instead of libcgroup.
  /// - Returns: the groups that still exist.
  /// - Throws: an error of starting the tool or of decoding its output.
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

  /// Runs a process that sleeps in a group, in all hierarchies that accept it, while the body runs.
  func withSleeper(in path: String, _ body: (_ pid: Int32) async throws -> Void) async throws {
    let sleeper = try Command("sleep", ["1000"]).start()
    do {
      // A new cpuset accepts no process until processors are assigned to it.
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
