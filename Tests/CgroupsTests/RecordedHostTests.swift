import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Cgroups

/// A host's own lines (Recorded/README.md), and the expected results.
struct RecordedHost: Sendable, CustomTestStringConvertible {
  let name: String
  /// The version that an engine uses there.
  let version: CgroupVersion
  /// Every mounted hierarchy, in the mounts' order, by the last part of its mount point.
  let mounts: [String]
  /// The cgroup of a process, in the hierarchy of a controller or name.
  let lives: [String: String]
  /// Symbolic links beside the mounts, such as `cpu`, with their targets.
  var links: [String: String] = [:]

  var testDescription: String { name }

  private static let joined = [
    "cpu": "cpu,cpuacct", "cpuacct": "cpu,cpuacct", "net_cls": "net_cls,net_prio",
    "net_prio": "net_cls,net_prio",
  ]

  private static let scope =
    "/system.slice/docker-0bd31f558c426d46f30778cefbc727282e4f257537b42b361ea5d03a44f4febe.scope"
  private static let pod =
    "/machine.slice/libpod-2521e906f0a0c758c3a7dc4fd68c197e32e96abb4b36807d0b0ede6d014a7c24.scope"

  static let all = [
    RecordedHost(
      name: "centos-7.0", version: .v1,
      mounts: [
        "systemd", "cpuset", "cpu,cpuacct", "memory", "devices", "freezer", "net_cls", "blkio",
        "perf_event", "hugetlb",
      ],
      lives: ["freezer": scope, "cpu": scope, "cpuacct": scope, "memory": scope, "cpuset": "/"],
      links: ["cpu": "cpu,cpuacct", "cpuacct": "cpu,cpuacct"]),
    RecordedHost(
      name: "centos-7", version: .v1,
      mounts: [
        "systemd", "perf_event", "devices", "cpu,cpuacct", "freezer", "net_cls,net_prio", "cpuset",
        "memory", "pids", "hugetlb", "blkio",
      ],
      lives: ["freezer": "/", "name=systemd": "/user.slice/user-0.slice/session-c1.scope"],
      links: joined),
    RecordedHost(
      name: "ubuntu-16.04", version: .v1,
      mounts: [
        "systemd", "memory", "pids", "devices", "blkio", "cpuset", "cpu,cpuacct",
        "net_cls,net_prio", "hugetlb", "freezer", "perf_event",
      ],
      lives: ["devices": "/user.slice", "pids": "/user.slice/user-1000.slice/session-1.scope"],
      links: joined),
    RecordedHost(
      name: "ubuntu-20.04", version: .v1,
      mounts: [
        "unified", "systemd", "rdma", "freezer", "net_cls,net_prio", "cpuset", "blkio",
        "cpu,cpuacct", "perf_event", "devices", "pids", "memory", "hugetlb",
      ],
      lives: ["cpuacct": pod, "net_prio": pod, "name=systemd": pod + "/init.scope"],
      links: joined),
    RecordedHost(
      name: "amazon-linux-2", version: .v1,
      mounts: [
        "systemd", "net_cls,net_prio", "cpu,cpuacct", "pids", "memory", "cpuset", "freezer",
        "hugetlb", "blkio", "perf_event", "devices",
      ],
      lives: ["cpu": "/", "name=systemd": "/user.slice/user-1000.slice/session-1.scope"],
      links: joined),
    RecordedHost(
      name: "debian-11", version: .v2, mounts: ["cgroup"],
      lives: ["": "/user.slice/user-1000.slice/session-1.scope"]),
    RecordedHost(
      name: "fedora", version: .v2, mounts: ["cgroup"],
      lives: ["": "/user.slice/user-1000.slice/session-3.scope"]),
    RecordedHost(
      name: "alpine", version: .v1,
      mounts: [
        "openrc", "cpuset", "cpu", "cpuacct", "blkio", "memory", "devices", "freezer", "net_cls",
        "perf_event", "net_prio", "hugetlb", "pids",
      ],
      lives: ["name=openrc": "/docker", "cpu": "/"]),
    RecordedHost(
      name: "alpine-hybrid", version: .v1,
      mounts: [
        "openrc", "unified", "cpuset", "cpu", "cpuacct", "blkio", "memory", "devices", "freezer",
        "net_cls", "perf_event", "net_prio", "hugetlb", "pids", "rdma", "misc",
      ],
      lives: ["name=openrc": "/docker", "": "/docker"]),
  ]

  func text(_ kind: String) throws -> String {
    try SourceTree.text("Tests/CgroupsTests/Recorded/\(name).\(kind)")
  }

  /// The same lines for an executor of a Mesos agent: it is in the run's cgroup in the hierarchies
  /// of the launcher and the isolators.
  func executor(_ run: String) throws -> CgroupMembership {
    var membership = CgroupMembership(text: try text("cgroup"))
    for index in membership.entries.indices {
      let entry = membership.entries[index]
      let isMesos =
        entry.isUnified
        ? version == .v2
        : !Set(entry.controllers).isDisjoint(with: ["freezer", "memory", "cpu"])
      if isMesos { membership.entries[index].path = "/mesos/\(run)" }
    }
    return membership
  }

  /// The mounts below a directory in place of /sys/fs.
  func mounts(below root: String) throws -> CgroupMounts {
    CgroupMounts(
      mountinfo: try text("mountinfo").replacingOccurrences(of: " /sys/fs/", with: " \(root)/"))
  }

  /// Imitates the host in a directory: every mount, the links beside it, and a run with a container
  /// in each hierarchy.
  func withTree(
    _ run: String, _ body: (_ tree: CgroupTree, _ top: String) throws -> Void
  ) throws {
    let manager = FileManager.default
    let root = manager.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? manager.removeItem(atPath: root) }
    let mounts = try mounts(below: root)
    for hierarchy in mounts.hierarchies {
      try manager.createDirectory(
        atPath: "\(hierarchy.mountPoint)/mesos/\(run)/container",
        withIntermediateDirectories: true)
    }
    for (link, target) in links {
      try manager.createSymbolicLink(
        atPath: "\(root)/cgroup/\(link)", withDestinationPath: target)
    }
    try body(CgroupTree(mounts: mounts), root + "/cgroup")
  }
}

@Suite("On a recorded host")
struct RecordedHostTests {
  @Test("each hierarchy is found once, under its mount's name", arguments: RecordedHost.all)
  func mounts(host: RecordedHost) throws {
    let mounts = CgroupMounts(mountinfo: try host.text("mountinfo"))
    #expect(
      mounts.hierarchies.map { ($0.mountPoint as NSString).lastPathComponent } == host.mounts)
    for hierarchy in mounts.hierarchies {
      let name = (hierarchy.mountPoint as NSString).lastPathComponent
      let expected: Set<String> =
        switch name {
        case "unified", "cgroup": []
        case "systemd", "openrc": ["name=\(name)"]
        default: Set(name.split(separator: ",").map(String.init))
        }
      #expect(Set(hierarchy.controllers) == expected, "\(hierarchy)")
      #expect(hierarchy.version == (expected.isEmpty ? .v2 : .v1))
    }
  }

  @Test("a process is found according to its lines", arguments: RecordedHost.all)
  func membership(host: RecordedHost) throws {
    let membership = CgroupMembership(text: try host.text("cgroup"))
    for (controller, path) in host.lives {
      let found =
        controller.isEmpty ? membership.unifiedPath : membership.path(controller: controller)
      #expect(found == path, "\(controller)")
    }
    // Each line is of one mounted hierarchy, and each hierarchy has one line.
    let mounts = CgroupMounts(mountinfo: try host.text("mountinfo"))
    for hierarchy in mounts.hierarchies {
      #expect(membership.entries.filter { $0.isOf(hierarchy) }.count == 1, "\(hierarchy)")
    }
    #expect(membership.entries.count == mounts.hierarchies.count)
  }

  @Test("an executor's cgroup is its run's", arguments: RecordedHost.all)
  func parent(host: RecordedHost) throws {
    let membership = try host.executor(run)
    let parent = CgroupParent.choose(run: run, version: host.version, membership: membership)
    #expect(parent == CgroupParent(path: "/mesos/\(run)", isMesos: true))
    let none = CgroupMembership(text: try host.text("cgroup"))
    let own = CgroupParent.choose(run: run, version: host.version, membership: none)
    #expect(own == CgroupParent(path: "/compose-pods/\(run)", isMesos: false))
  }

  @Test("a run has one directory in each hierarchy, ignoring links", arguments: RecordedHost.all)
  func directories(host: RecordedHost) throws {
    try host.withTree(run) { tree, top in
      let path = "/mesos/\(run)"
      let expected = host.version == .v2 ? [top + path] : host.mounts.map { "\(top)/\($0)\(path)" }
      #expect(tree.directories(of: path) == expected)
      #expect(tree.children(of: path) == ["container"])
      // The executor's own directories are those of the hierarchies that Mesos uses, and the ones
      // above.
      let own = tree.own(membership: try host.executor(run)).filter { $0.hasSuffix(path) }
      let mesos =
        host.version == .v2
        ? [""]
        : host.mounts.filter {
          !Set($0.split(separator: ",")).isDisjoint(with: ["freezer", "memory", "cpu"])
        }.map { "/\($0)" }
      #expect(own == Set(mesos.map { top + $0 + path }))
      for hierarchy in tree.mounts.hierarchies where host.version == hierarchy.version {
        let isMesos = own.contains(hierarchy.mountPoint + path)
        #expect(try host.executor(run).isBelow("/mesos", in: hierarchy) == isMesos)
      }
      #expect(tree.remove(path).isEmpty)
      #expect(tree.directories(of: path).isEmpty)
    }
  }
}

@Suite("Options of a mounted hierarchy")
struct CgroupOptionTests {
  private func controllers(_ line: String) -> [[String]] {
    CgroupMounts(mountinfo: line).hierarchies.map(\.controllers)
  }

  /// Additional options of a kernel or a security module (3.10's kernel/cgroup.c;
  /// security/selinux/hooks.c).
  @Test(
    "that are no controllers are distinguished from controllers",
    arguments: [
      "rw,seclabel,nsroot=/", "rw,sync,dirsync,mand,lazytime", "rw,noprefix,xattr,clone_children",
      "rw,sane_behavior", "rw,favordynmods", "rw,cpuset_v2_mode",
      #"rw,context="system_u:object_r:cgroup_t:s0:c1,c2",rootcontext=u:r:t:s0"#,
      "rw,release_agent=/run/cgmanager/agents/cgm-release-agent.pids",
    ])
  func flags(options: String) {
    let line = "32 31 0:29 / /cg/cpu,cpuacct rw shared:9 - cgroup cgroup \(options),cpuacct,cpu"
    #expect(controllers(line) == [["cpuacct", "cpu"]])
  }

  @Test("are read whatever the name of the mount's source, or if it has none")
  func sources() {
    for source in ["cgroup", "none", "cpu", "", "a\\040b"] {
      let line = "32 31 0:29 / /cg/cpu rw,relatime - cgroup \(source) rw,cpu"
      #expect(controllers(line) == [["cpu"]], "'\(source)'")
    }
  }

  @Test("form one hierarchy in any order, found under each joined name")
  func order() {
    for name in ["cpu,cpuacct", "cpuacct,cpu"] {
      let mounts = CgroupMounts(
        mountinfo: """
          32 31 0:29 / /sys/fs/cgroup/\(name) rw - cgroup cgroup rw,cpuacct,cpu
          33 31 0:29 / /mnt/again rw - cgroup cgroup rw,cpu,cpuacct
          """)
      #expect(mounts.hierarchies.map(\.mountPoint) == ["/sys/fs/cgroup/\(name)"])
      for line in ["3:cpuacct,cpu:/mesos/r", "3:cpu,cpuacct:/mesos/r"] {
        let membership = CgroupMembership(text: line)
        #expect(membership.isBelow("/mesos", in: mounts.hierarchies[0]), "\(line)")
        #expect(membership.path(controller: "cpu") == "/mesos/r")
      }
    }
  }
}
