import Foundation
import PodIdentity
import TestSupport
import Testing

@testable import Cgroups

@Suite("The agent's settings on the executor's own cgroup")
struct ExecutorCgroupTests {
  private static let run = "11111111-2222-3333-4444-555555555555"

  /// Reads files of a tree like the kernel's: by controller (`unified` for version 2), path and
  /// file.
  private func read(
    _ version: CgroupVersion, _ files: [String: String], path: String = "/mesos/\(run)"
  ) async throws -> ExecutorCgroup {
    try await withTemporaryDirectory { directory in
      var mounts = ""
      var membership = ""
      let controllers = Set(
        files.keys.compactMap { $0.split(separator: "/").first.map(String.init) })
      for (name, text) in files {
        let file = directory.path(name)
        try FileManager.default.createDirectory(
          atPath: URL(fileURLWithPath: file).deletingLastPathComponent().path,
          withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: false, encoding: .utf8)
      }
      for controller in controllers.sorted() {
        let point = directory.path(controller)
        let isUnified = controller == "unified"
        mounts +=
          "30 23 0:26 / \(point) rw - \(isUnified ? "cgroup2" : "cgroup") none rw"
          + (isUnified ? "\n" : ",\(controller)\n")
        membership += isUnified ? "0::\(path)\n" : "4:\(controller):\(path)\n"
      }
      return ExecutorCgroup(
        run: Self.run, version: version, mounts: CgroupMounts(mountinfo: mounts),
        membership: CgroupMembership(text: membership))
    }
  }

  private func own(_ controller: String, _ file: String) -> String {
    "\(controller)/mesos/\(Self.run)/\(file)"
  }

  @Test("are none if it is in another's cgroup", arguments: [CgroupVersion.v1, .v2])
  func foreign(version: CgroupVersion) async throws {
    let files = [
      "memory/system.slice/memory.limit_in_bytes": "4096\n",
      "unified/system.slice/memory.max": "4096\n",
    ]
    let nothing = ExecutorCgroup(
      run: Self.run, version: version, mounts: CgroupMounts(mountinfo: ""),
      membership: CgroupMembership(text: ""))
    #expect(try await read(version, files, path: "/system.slice") == nothing)
  }

  @Test("on version 1 are memory, quota and processes")
  func limits1() async throws {
    let group = try await read(
      .v1,
      [
        own("memory", "memory.limit_in_bytes"): "67108864\n",
        own("memory", "memory.memsw.limit_in_bytes"): "134217728\n",
        own("cpu", "cpu.cfs_quota_us"): "50000\n", own("cpu", "cpu.cfs_period_us"): "100000\n",
        own("pids", "pids.max"): "100\n",
      ])
    #expect(group.memory == 64 << 20)
    #expect(group.swap == 128 << 20)
    #expect(group.quota == 0.5)
    #expect(group.tasks == 100)
    #expect(group.escaping == [] && group.others == [] && group.devices == nil)
  }

  @Test("on version 1 are none if nothing is limited")
  func unlimited1() async throws {
    let group = try await read(
      .v1,
      [
        own("memory", "memory.limit_in_bytes"): "9223372036854771712\n",
        own("cpu", "cpu.cfs_quota_us"): "-1\n", own("cpu", "cpu.cfs_period_us"): "100000\n",
        own("pids", "pids.max"): "max\n", own("devices", "devices.list"): "a *:* rwm\n",
        own("cpuset", "cpuset.cpus"): "0-3\n", "cpuset/cpuset.cpus": "0-3\n",
        own("cpuset", "cpuset.mems"): "0\n", "cpuset/cpuset.mems": "0\n",
        own("net_cls", "net_cls.classid"): "0\n",
        own("net_prio", "net_prio.ifpriomap"): "lo 0\neth0 0\n",
        own("hugetlb", "hugetlb.2MB.limit_in_bytes"): "9223372036852678656\n",
        own("blkio", "blkio.throttle.read_bps_device"): "",
      ])
    let nothing = try await read(.v1, [:])
    #expect(group == nothing)
  }

  @Test("on version 2 are memory, swap, quota, processes, CPUs")
  func limits2() async throws {
    let group = try await read(
      .v2,
      [
        own("unified", "memory.max"): "67108864\n", own("unified", "memory.swap.max"): "0\n",
        own("unified", "cpu.max"): "150000 100000\n", own("unified", "pids.max"): "100\n",
        own("unified", "cpuset.cpus"): "0-1,4\n", own("unified", "cpuset.mems"): "0\n",
        own("unified", "io.max"): "",
      ], path: "/mesos/\(Self.run)/leaf")
    #expect(group.memory == 64 << 20 && group.swap == 0 && group.quota == 1.5)
    #expect(group.tasks == 100 && group.processors == [0, 1, 4] && group.memoryNodes == [0])
    #expect(group.escaping == [])
  }

  @Test("on version 2 are none if nothing is limited")
  func unlimited2() async throws {
    let group = try await read(
      .v2,
      [
        own("unified", "memory.max"): "max\n", own("unified", "memory.swap.max"): "max\n",
        own("unified", "cpu.max"): "max 100000\n", own("unified", "pids.max"): "max\n",
        own("unified", "cpuset.cpus"): "\n", own("unified", "io.max"): "",
        own("unified", "hugetlb.2MB.max"): "max\n",
      ])
    let nothing = try await read(.v2, [:])
    #expect(group == nothing)
  }

  @Test(
    "that a slice can't have are reported with their isolator",
    arguments: [
      (CgroupVersion.v1, "blkio", "blkio.throttle.write_iops_device", "8:0 100\n", "cgroups/blkio"),
      (.v1, "blkio", "blkio.throttle.read_bps_device", "8:0 1\n", "cgroups/blkio"),
      (.v1, "devices", "devices.list", "c 241:* rw\n", "cgroups/devices"),
      (.v2, "unified", "io.max", "8:0 rbps=1 wbps=max riops=max wiops=max\n", "cgroups/io"),
      (.v2, "unified", "hugetlb.2MB.max", "0\n", "cgroups/hugetlb"),
    ])
  func escaping(
    version: CgroupVersion, controller: String, file: String, text: String, isolator: String
  ) async throws {
    let group = try await read(version, [own(controller, file): text])
    #expect(group.escaping == [isolator])
  }

  @Test("are values of controllers that systemd doesn't manage")
  func others() async throws {
    let group = try await read(
      .v1,
      [
        own("cpuset", "cpuset.cpus"): "1\n", "cpuset/cpuset.cpus": "0-3\n",
        own("cpuset", "cpuset.mems"): "0\n", "cpuset/cpuset.mems": "0\n",
        own("net_cls", "net_cls.classid"): "1048577\n",
        own("net_prio", "net_prio.ifpriomap"): "lo 0\neth0 5\n",
        own("hugetlb", "hugetlb.2MB.limit_in_bytes"): "4194304\n",
      ])
    let found = Set(group.others.map { "\($0.file)=\($0.text)" })
    #expect(
      found == [
        "cpuset.cpus=1", "cpuset.mems=0", "net_cls.classid=1048577", "net_prio.ifpriomap=eth0 5",
        "hugetlb.2MB.limit_in_bytes=4194304",
      ])
    // Each of the slices above needs some.
    #expect(group.others.first { $0.file == "cpuset.cpus" }?.ofRoot == "0-3")
  }

  @Test("are devices, with systemd's names")
  func devices() async throws {
    let group = try await read(
      .v1,
      [
        own("devices", "devices.list"):
          "c *:* m\nb *:* m\nc 1:3 rwm\nc 5:2 rw\nc 1:* r\nb 7:0 rwm\n"
      ])
    #expect(
      group.devices?.map { "\($0.node) \($0.access)" } == [
        "char-* m", "block-* m", "/dev/char/1:3 rwm", "/dev/char/5:2 rw", "char-mem r",
        "/dev/block/7:0 rwm",
      ])
    let none = try await read(.v1, [own("devices", "devices.list"): "\n"])
    #expect(none.devices == nil)
  }

  @Test(
    "are lists of numbers and ranges",
    arguments: [
      ("0", [0]), ("0-2", [0, 1, 2]), ("0-1,4", [0, 1, 4]), ("", nil), ("x", nil), ("2-1", nil),
      ("0-99999999999", nil),
    ] as [(String, Set<Int>?)])
  func list(text: String, members: Set<Int>?) { #expect(ExecutorCgroup.set(text) == members) }
}
