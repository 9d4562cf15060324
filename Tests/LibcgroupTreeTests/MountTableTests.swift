import Cgroups
import Foundation
import TestSupport
import Testing

@testable import LibcgroupTree

@Suite("The table of mounts", .serialized)
struct MountTableTests {
  private struct Response: Decodable {
    struct Mount: Decodable {
      var mountPoint: String
      var controllers: [String]
      var version: String
      var isLibrary: Bool
    }
    var mounts: [Mount]
    var failure: String?
  }

  private func table(_ view: CgroupView, setup: String = ":") async throws -> Response {
    var text = ""
    try await CgroupScene.with { text = try await $0.tool(["mounts"], in: view, setup: setup) }
    return try JSONDecoder().decode(Response.self, from: Data(text.utf8))
  }

  private func make(
    _ mountinfo: String, _ found: [(String, String)], membership: String = "0::/"
  ) -> LibcgroupTable {
    LibcgroupTable(
      mountinfo: mountinfo, membership: CgroupMembership(text: membership),
      found: found.map { Libcgroup.Controller(name: $0.0, mountPoint: $0.1) }, failure: nil
    ) { Libcgroup.Mount(controller: $0, mountPoint: $1.mountPoint, device: 1) }
  }

  @Test(
    "contains every hierarchy of the view, including those that libcgroup doesn't know",
    arguments: CgroupView.all)
  func views(_ view: CgroupView) async throws {
    let response = try await table(view)
    #expect(response.failure == nil)
    let wanted = try CgroupMounts.current().hierarchies.filter(view.has)
    #expect(Set(response.mounts.map(\.controllers)) == Set(wanted.map(\.controllers)))
    #expect(response.mounts.count == wanted.count)
    for mount in response.mounts {
      let controllers = mount.mountPoint + "/cgroup.controllers"
      switch mount.version {
      case "1": #expect(mount.isLibrary == (mount.controllers != ["name=systemd"]))
      // At the view's own mount point, or where the host has the same mount point.
      case _ where FileManager.default.fileExists(atPath: controllers):
        let text = try String(contentsOfFile: controllers, encoding: .utf8)
        #expect(mount.isLibrary == (text != "\n" && !text.isEmpty))
      default: break
      }
    }
  }

  @Test("is complete even if libcgroup fails, and gives the reason")
  func failing() async throws {
    let setup = "mount --bind /dev/null /proc/cgroups"
    let response = try await table(.host, setup: setup)
    #expect(response.mounts.count == (try CgroupMounts.current().hierarchies.count))
    #expect(response.mounts.allSatisfy { !$0.isLibrary })
    #expect(response.failure?.hasPrefix("libcgroup: error 50016") == true, "\(response)")
    try await CgroupScene.with { scene in
      try scene.make(scene.run + "/a")
      #expect(try await scene.remove(scene.run, setup: setup).isEmpty)
      #expect(scene.hierarchies(with: scene.run).isEmpty)
    }
  }

  @Test("contains named hierarchies whose names Debian's build of libcgroup reports")
  func named() {
    let table = make(
      """
      32 31 0:29 / /cg/openrc rw - cgroup openrc rw,release_agent=/x,name=openrc
      33 31 0:30 / /cg/systemd rw - cgroup systemd rw,xattr,name=systemd
      """, [("name=openrc", "/cg/openrc")], membership: "2:name=openrc:/mesos/r\n1:name=systemd:/a")
    #expect(table.library.mounts.values.map(\.controller) == ["name=openrc"])
    #expect(table.tree.mounts.hierarchies.map(\.name) == ["name=openrc", "name=systemd"])
    #expect(
      table.own == ["/cg/openrc/mesos", "/cg/openrc/mesos/r", "/cg/systemd/a"])
  }

  @Test("skips the mount of a subtree, which libcgroup takes for the hierarchy")
  func subTree() {
    let table = make(
      """
      32 31 0:29 /sub /mnt/sub rw - cgroup cgroup rw,freezer
      33 31 0:29 / /cg/freezer rw - cgroup cgroup rw,freezer
      34 31 0:30 / /cg/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
      """, [("freezer", "/mnt/sub"), ("cpu", "/cg/cpu,cpuacct"), ("cpuacct", "/cg/cpu,cpuacct")])
    let mounts = table.tree.mounts.hierarchies
    #expect(mounts.map(\.mountPoint) == ["/cg/freezer", "/cg/cpu,cpuacct"])
    #expect(table.library.mounts.mapValues(\.controller) == [mounts[1]: "cpu"])
    #expect(mounts[1].controllers == ["cpu", "cpuacct"])
  }

  @Test("ignores a superblock option that isn't a controller")
  func options() {
    let table = make(
      "32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu,new_kernels_flag", [("cpu", "/cg/cpu")],
      membership: "1:cpu:/mesos/r")
    #expect(table.tree.mounts.hierarchies.map(\.controllers) == [["cpu"]])
    #expect(table.own == ["/cg/cpu/mesos", "/cg/cpu/mesos/r"])
  }

  @Test("gives version 2 no controllers, since they differ between groups")
  func unified() {
    let table = make(
      "32 31 0:29 / /cg rw - cgroup2 cgroup2 rw", [("cpu", "/cg"), ("memory", "/cg")])
    #expect(table.tree.mounts.hierarchies.map(\.controllers) == [[]])
    #expect(table.library.mounts.values.map(\.controller) == ["cpu"])
  }
}
