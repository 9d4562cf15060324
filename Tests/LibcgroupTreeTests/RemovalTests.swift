import Cgroups
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import LibcgroupTree

@Suite("libcgroup's removal", .serialized)
struct RemovalTests {
  @Test(
    "leaves a process in its cgroup, and reports busy groups of every hierarchy",
    arguments: CgroupView.all)
  func living(_ view: CgroupView) async throws {
    try await CgroupScene.with { scene in
      let leaf = scene.run + "/container/leaf"
      try scene.make(leaf)
      try await scene.withSleeper(in: leaf) { pid in
        let before = try String(contentsOfFile: "/proc/\(pid)/cgroup", encoding: .utf8)
        for path in [scene.run, scene.run + "/container", leaf] {
          let left = try await scene.remove(path, in: view)
          let after = try String(contentsOfFile: "/proc/\(pid)/cgroup", encoding: .utf8)
          #expect(after == before)
          // The leaf and all groups above it are busy, except in cpuset, which has no process.
          let busy = scene.mounts.hierarchies.filter {
            view.has($0) && !$0.controllers.contains("cpuset")
          }
          let depth = path == scene.run ? 3 : path == leaf ? 1 : 2
          #expect(left.count == busy.count * depth, "\(left)")
          #expect(left.allSatisfy { $0.reason == EBUSY }, "\(left)")
        }
        #expect(kill(pid, 0) == 0)
      }
    }
  }

  @Test(
    "removes the remains in all hierarchies, including `systemd` and `unified`, and no other group",
    arguments: CgroupView.all)
  func leftovers(_ view: CgroupView) async throws {
    try await CgroupScene.with { scene in
      for group in ["/run/a/b", "/run/a/c", "/run/d", "/other"] {
        try scene.make(scene.root + group)
      }
      #expect(try await scene.remove(scene.run, in: view).isEmpty)
      let all = scene.hierarchies(with: scene.root)
      let viewed = Set(scene.mounts.hierarchies.filter(view.has).map(\.name))
      #expect(all.count == scene.mounts.hierarchies.count && !viewed.isEmpty)
      #expect(scene.hierarchies(with: scene.run) == all.subtracting(viewed))
      #expect(scene.hierarchies(with: scene.root + "/other") == all)
      #expect(try await scene.remove(scene.run, in: view).isEmpty)
    }
  }

  @Test("reports a busy group although the library's call returns 0")
  func busy() async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run)
      try await scene.withSleeper(in: scene.run) { _ in
        let table = try LibcgroupTable.current()
        let known = table.library.mounts.filter { !$0.key.controllers.contains("cpuset") }
        #expect(known.count > 0)
        for (hierarchy, mount) in known {
          #expect(try Libcgroup.removeEmpty(mount, scene.run) == nil)
          let group = try table.group(scene.run, in: hierarchy)
          #expect(table.library.remove(group.directory, from: group) == .left(.resourceBusy))
        }
      }
    }
  }

  @Test("keeps the requested groups and their parents")
  func kept() async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run + "/own")
      try scene.make(scene.run + "/gone")
      let table = try LibcgroupTable.current()
      let own = scene.mounts.hierarchies.map { $0.mountPoint + scene.run + "/own" }
      let left = table.tree.remove(scene.run, keeping: Set(own))
      #expect(left.count == own.count && left.allSatisfy { $0.directory.hasSuffix("/run") })
      #expect(table.tree.directories(of: scene.run + "/own").count == own.count)
      #expect(table.tree.directories(of: scene.run + "/gone").isEmpty)
    }
  }

  @Test("refuses a path that isn't below a hierarchy's top group")
  func refused() throws {
    let tree = try LibcgroupTable.current().tree
    for path in ["/", "/mesos", "/mesos/..", "/mesos/../x", "mesos/run", ""] {
      #expect(tree.remove(path).map(\.reason) == [.invalidArgument])
    }
  }

  @Test("prints nothing for any CGROUP_LOGLEVEL", arguments: ["DEBUG", "4", "ERROR"])
  func silence(_ level: String) async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run + "/a")
      let view = CgroupView.host
      let environment = ["CGROUP_LOGLEVEL": level]
      let text = try await scene.tool(["remove", scene.run], in: view, environment: environment)
      #expect(text == "[]\n")
      #expect(scene.hierarchies(with: scene.run).isEmpty)
    }
  }

  @Test("gives the same result as this project's own calls on the same trees")
  func equal() async throws {
    try await CgroupScene.with { scene in
      let groups = ["/a", "/b/c", "/b/d/e", "/b/d/f", "/g"]
      for group in groups { try scene.make(scene.run + group) }
      try await scene.withSleeper(in: scene.run + "/b/d/f") { _ in
        var results: [Set<CgroupScene.Left>] = []
        for own in [true, false] {
          for group in groups { try scene.make(scene.run + group) }
          results.append(try await scene.remove(scene.run, own: own))
        }
        #expect(results[0] == results[1])
        #expect(!results[0].isEmpty)
      }
    }
  }

  @Test("reads a group's file exactly as the file system returns it")
  func reading() async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run)
      let table = try LibcgroupTable.current()
      #expect(!table.covered.isEmpty)
      for hierarchy in scene.mounts.hierarchies {
        let isFreezer = hierarchy.controllers.contains("freezer")
        let file = isFreezer ? "freezer.state" : "cgroup.procs"
        let line = table.tree.line(of: file, in: scene.run, of: hierarchy)
        #expect(line == (isFreezer ? "THAWED" : ""), "\(hierarchy)")
        #expect(table.tree.line(of: "none", in: scene.run, of: hierarchy) == nil)
        if isFreezer {
          let group = try table.group(scene.run, in: hierarchy)
          #expect(table.library.line(of: file, in: group) == "THAWED")
        }
      }
    }
  }
}
