import Cgroups
import FoundationEssentials
import TestSupport
import Testing

@testable import PodViews

struct CgroupFiguresTests {
  @Test("figures of version 1 come from each controller's hierarchy")
  func first() async throws {
    try await withTemporaryDirectory { directory in
      let files = [
        "memory/mesos/r/memory.usage_in_bytes": "5000\n",
        "memory/mesos/r/memory.limit_in_bytes": "9223372036854771712\n",
        "memory/mesos/r/memory.stat": "cache 10\ntotal_inactive_file 1000\n",
        "cpu/mesos/r/cpuacct.usage": "2500000000\n",
        "cpu/mesos/r/cpu.cfs_quota_us": "150000\n", "cpu/mesos/r/cpu.cfs_period_us": "100000\n",
        "pids/mesos/r/pids.current": "7\n", "pids/mesos/r/cgroup.procs": "4711\n4712\n",
        "blkio/mesos/r/blkio.throttle.io_service_bytes_recursive":
          "8:0 Read 100\n8:0 Write 30\n8:16 Read 11\nTotal 141\n",
      ]
      for (path, text) in files { try directory.write(path, text) }
      let reader = reader(
        directory.path,
        v1: ["memory": "memory", "cpu": "cpu,cpuacct", "pids": "pids", "blkio": "blkio"]
      )
      let figures = try #require(reader.figures(of: "/mesos/r"))
      #expect(figures.memory == 4000)
      #expect(figures.memoryLimit == nil)
      #expect(figures.seconds == 2.5)
      #expect(figures.quota == 1.5)
      #expect(figures.tasks == 7)
      #expect(figures.read == 111)
      #expect(figures.written == 30)
      #expect(reader.process(in: "/mesos/r") == 4711)
      #expect(reader.figures(of: "/mesos/other") == nil)
    }
  }

  @Test("figures of version 2 come from the single hierarchy")
  func second() async throws {
    try await withTemporaryDirectory { directory in
      let files = [
        "memory.current": "5000\n", "memory.max": "8000\n", "memory.stat": "inactive_file 4999\n",
        "cpu.stat": "usage_usec 2500000\nuser_usec 1\n", "cpu.max": "50000 100000\n",
        "pids.current": "3\n", "io.stat": "8:0 rbytes=5 wbytes=6 rios=1\n8:16 rbytes=1 wbytes=2\n",
      ]
      for (path, text) in files { try directory.write("all/pods/r/" + path, text) }
      let figures = try #require(reader(directory.path, v2: "all").figures(of: "/pods/r"))
      #expect(figures.memory == 1)
      #expect(figures.memoryLimit == 8000)
      #expect(figures.seconds == 2.5)
      #expect(figures.quota == 0.5)
      #expect(figures.tasks == 3)
      #expect(figures.read == 6)
      #expect(figures.written == 8)
    }
  }

  @Test("an unlimited value is nil, and malformed contents trap nothing")
  func hostile() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("all/pods/r/memory.max", "max\n")
      try directory.write("all/pods/r/cpu.max", "max 100000\n")
      try directory.write("all/pods/r/memory.current", "-7\n")
      let huge = "rbytes=9223372036854775807"
      try directory.write("all/pods/r/io.stat", "8:0 \(huge) wbytes=x\n8:1 \(huge)\n")
      let figures = try #require(reader(directory.path, v2: "all").figures(of: "/pods/r"))
      #expect(figures.memoryLimit == nil)
      #expect(figures.quota == nil)
      #expect(figures.memory == 0)
      #expect(figures.read == .max)
      #expect(figures.written == 0)
    }
  }

  @Test(
    "a label that isn't the path of a cgroup yields no figures",
    arguments: ["", "/", "/mesos", "/pods/../pods/r", "pods/r", "/pods/r/", "/pods//r"])
  func paths(_ path: String) async throws {
    try await withTemporaryDirectory { directory in
      for name in ["all", "all/pods", "all/pods/r", "all/mesos"] {
        try directory.write(name + "/memory.current", "1\n")
      }
      let reader = reader(directory.path, v2: "all")
      #expect(reader.figures(of: path) == nil)
      #expect(reader.process(in: path) == nil)
      #expect(reader.figures(of: "/pods/r") != nil)
    }
  }

  @Test("the counters of a network namespace exclude its loopback interface")
  func network() {
    let text = """
      Inter-|   Receive                                                |  Transmit
       face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
          lo:     999       1    0    0    0     0          0         0      999       1    0    0
        eth0:     100       1    0    0    0     0          0         0       20       1    0    0
        eth1: 1 1 0 0 0 0 0 0 2 1 0 0
      """
    let figures = NetworkFigures(text: text, namespace: "net:[1]")
    #expect(figures.received == 101)
    #expect(figures.sent == 22)
  }

  private func reader(
    _ root: String, v1: [String: String] = [:], v2: String? = nil
  ) -> CgroupReader {
    var lines = v1.map { name, options in
      "30 1 0:1 / \(root)/\(name) rw - cgroup cgroup rw,\(options)"
    }
    if let v2 { lines.append("31 1 0:2 / \(root)/\(v2) rw - cgroup2 cgroup2 rw") }
    return CgroupReader(mounts: CgroupMounts(mountinfo: lines.joined(separator: "\n")))
  }
}
