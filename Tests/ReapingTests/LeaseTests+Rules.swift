import PodIdentity
import TestSupport
import Testing

@testable import Reaping

// What leases count for, without a server.
extension LeaseTests {
  @Test("count only for the pod of their holder")
  func own() {
    let peer = LeaseHolder(run: "run-1", pid: 42, startTime: 7, cgroups: [])
    #expect(peer.keeps(Sample.identity()))
    #expect(!peer.keeps(Sample.identity(pid: 43)))
    #expect(!peer.keeps(Sample.identity(start: 8)))
    #expect(!peer.keeps(Sample.identity(pid: nil, start: nil)))
    let other = LeaseHolder(run: "run-2", pid: 42, startTime: 7, cgroups: ["/mesos/run-1"])
    #expect(!other.keeps(Sample.identity()))
    let inside = LeaseHolder(run: "run-1", pid: 9, startTime: 9, cgroups: ["/mesos/run-1"])
    #expect(inside.keeps(Sample.identity(pid: nil, start: nil)))
    #expect(!inside.keeps(Sample.identity()))
  }

  @Test("don't count for a pod only because the holder's cgroup has the run's name")
  func lookalike() {
    let unknown = Sample.identity(pid: nil, start: nil)
    let stranger = LeaseHolder(
      run: "run-1", pid: 9, startTime: 9, cgroups: ["/user.slice/run-1", "/a/mesos/run-1"])
    #expect(!stranger.keeps(unknown))
    // No executor is below the project's own root: a process there is a container's or foreign.
    var own = unknown
    own.cgroupParent = "/compose-pods/run-1"
    let inside = LeaseHolder(run: "run-1", pid: 9, startTime: 9, cgroups: ["/compose-pods/run-1"])
    #expect(!inside.keeps(own))
  }

  @Test(
    "leave descriptors for the engine under any process limit", arguments: [64, 1024, 65_536])
  func descriptors(_ count: Int) {
    let limits = LeaseServer.Limits(descriptors: count)
    #expect(limits.total >= 1 && limits.perUser >= 1)
    #expect(count < 512 || limits.total * 3 + 128 < count)
    #expect(limits.total <= 4096 && limits.perUser <= 1024)
  }

  @Test("are parsed or refused for a million generated lines")
  func fuzz() async {
    var random = SeededGenerator(for: "lease lines")
    let words = [
      "LEASE", "1", "2", "run-1", "", " ", "\t", "\u{0}", "é", "RELEASE", "/", "..", "x",
    ]
    var read = 0
    var wrong: [String] = []
    for round in 0..<1_000_000 {
      // Other tests share the few threads.
      if round % 1000 == 0 { await Task.yield() }
      var line = ""
      for _ in 0..<Int(random.next() % 5) {
        line += words[Int(random.next() % UInt64(words.count))]
        if random.next() % 3 > 0 { line += " " }
      }
      guard let run = LeaseProtocol.run(of: line) else { continue }
      read += 1
      if run.isEmpty || run.contains("/") || !line.hasPrefix("LEASE 1 ") { wrong.append(line) }
    }
    #expect(read > 0)
    #expect(wrong == [])
  }
}
