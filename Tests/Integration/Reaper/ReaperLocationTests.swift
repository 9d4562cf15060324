import Foundation
import PodIdentity
import TestSupport
import Testing

@Suite("A service whose directories and sockets disappear", .needsEngine)
struct ReaperLocationTests {
  private static let one = TestEngine.all.prefix(1)
  private static let names = ["reaper.sock", "notify.sock", "lease.sock"]

  private func inodes(_ site: ReaperSite) -> [UInt64] {
    ([site.runDirectory] + Self.names.map { site.runDirectory + "/" + $0 } + [site.metricsSocket])
      .map { path in
        var status = stat()
        return lstat(path, &status) == 0 ? UInt64(status.st_ino) : 0
      }
  }

  /// Whether the service responds on each of its sockets, and accepts leases and notifications.
  private func isReached(_ site: ReaperSite) async throws -> Bool {
    let status = try await site.reaper(["status", "--format", "json"]).run()
    guard status.stdout.contains("\"service\":{\"healthy\":true"), status.stderr.isEmpty else {
      return false
    }
    let before = try await site.metrics()["pod_reaper_hook_events_total"]
    guard try await site.notify("removed", "--framework", "f", "--executor", "e") == 0 else {
      return false
    }
    try await eventually("the notification") {
      try await site.metrics()["pod_reaper_hook_events_total"] ?? 0 > before ?? 0
    }
    let lease = """
      import socket, sys
      s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
      s.sendall(b"LEASE 1 run-1\\n"); print(s.recv(9).decode(), end="")
      """
    let response = try await Command(
      "/usr/bin/python3", ["-c", lease, site.runDirectory + "/lease.sock"]
    ).run()
    return response.stdout == "OK\n"
  }

  @Test(
    "creates all of them again in the next pass, whether they were removed or renamed",
    arguments: one)
  func restored(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let options = ["--grace", "5m", "--interval", "1s", "--metrics", site.metricsSocket]
      try await ReaperService.with(site, options) { service in
        try await eventually("its sockets") { try await isReached(site) }
        var before = inodes(site)
        #expect(!before.contains(0))
        func comesBack(_ what: String, besides kept: Int = 0) async throws {
          try await eventually("the service after \(what)") {
            let now = inodes(site)
            let pairs = zip(now, before).dropFirst(kept)
            return !now.contains(0) && pairs.allSatisfy { $0 != $1 }
          }
          try await eventually("its sockets") { try await isReached(site) }
          // They are not replaced from then on.
          before = inodes(site)
          let passes = try await site.metrics()["pod_reaper_passes_total"] ?? 0
          try await eventually("two more passes") {
            try await site.metrics()["pod_reaper_passes_total"] ?? 0 >= passes + 2
          }
          #expect(inodes(site) == before)
        }
        unlink(site.metricsSocket)
        #expect(rename(site.runDirectory, site.runDirectory + ".old") == 0)
        try await comesBack("a rename")
        unlink(site.metricsSocket)
        // The service creates the spool again at once, so that the directory can be kept while its
        // contents are removed.
        try await Command("rm", ["-rf", site.runDirectory]).run()
        try await comesBack("a removal", besides: 1)
        let said = service.process.lines(.stderr).filter { $0.contains("it is created again") }
        #expect(Self.names.allSatisfy { name in said.filter { $0.contains(name) }.count == 2 })
      }
    }
  }

  @Test("leaves another process's socket in their place, and reports it", arguments: one)
  func foreign(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let options = ["--grace", "5m", "--interval", "1s", "--metrics", site.metricsSocket]
      try await ReaperService.with(site, options) { service in
        let path = site.runDirectory + "/notify.sock"
        unlink(path)
        let theirs = try DatagramSocket(at: path)
        try await eventually("word of it") {
          service.process.text(.stderr).contains("\(path) was replaced by another program")
        }
        #expect(theirs.texts() == [])
        let status = try await site.reaper(["status"]).output()
        #expect(status.hasPrefix("UNHEALTHY: \(path) was replaced by another program"), "\(status)")
        #expect(try await site.metrics()["pod_reaper_healthy"] == 0)
        // Passes continue: a leaked pod is removed nevertheless, and systemd has no reason to
        // restart the service.
        let count = service.words.filter { $0 == "WATCHDOG=1" }.count
        #expect(count == 0)
        unlink(path)
        try await eventually("its own socket again") {
          try await site.metrics()["pod_reaper_healthy"] == 1
        }
        withExtendedLifetime(theirs) {}
      }
    }
  }

  @Test(
    "is unhealthy in status, metrics and for systemd after three intervals without a pass",
    arguments: one)
  func noInode(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      // A separate file system with a few inodes.
      try FileManager.default.createDirectory(
        atPath: site.runDirectory, withIntermediateDirectories: true)
      let mount = ["-t", "tmpfs", "-o", "nr_inodes=16,mode=0755", "none", site.runDirectory]
      try await Command("mount", mount).output()
      defer { umount2(site.runDirectory, Int32(MNT_DETACH)) }
      let options = ["--grace", "5m", "--interval", "1s", "--metrics", site.metricsSocket]
      let watchdog = ["WATCHDOG_USEC": "400000"]
      try await ReaperService.with(site, options, watchdog) { service in
        try await service.tells("WATCHDOG=1", times: 2)
        for name in try FileManager.default.contentsOfDirectory(atPath: site.runDirectory)
        where name != "reaper.sock" {
          try FileManager.default.removeItem(atPath: site.runDirectory + "/" + name)
        }
        // The service can bind one or the other socket before the inodes are exhausted.
        var fillers: [String] = []
        while true {
          let path = "\(site.runDirectory)/filler-\(fillers.count)"
          guard FileManager.default.createFile(atPath: path, contents: nil) else { break }
          fillers.append(path)
          for name in ["reaper.lock", "lease.sock", "notify.sock"] {
            unlink(site.runDirectory + "/" + name)
          }
          try #require(fillers.count < 64)
        }
        try await eventually("word of no pass", within: .seconds(300)) {
          try await site.metrics()["pod_reaper_healthy"] == 0
        }
        try await eventually("why") {
          _ = service.words
          return
            service.process.text(.stderr).contains(
              "unhealthy, systemd's watchdog may restart pod-reaper")
        }
        let status = try await site.reaper(["status"]).output()
        #expect(status.hasPrefix("UNHEALTHY: no pass was completed for "), "\(status)")
        #expect(status.contains("No space left on device"), "\(status)")
        let count = service.words.filter { $0 == "WATCHDOG=1" }.count
        let failed = service.process.lines(.stderr).filter { $0.contains("no pass: ") }.count
        try await eventually("two more passes that fail") {
          service.process.lines(.stderr).filter { $0.contains("no pass: ") }.count >= failed + 2
        }
        #expect(service.words.filter { $0 == "WATCHDOG=1" }.count == count)
        for path in fillers { unlink(path) }
        try await eventually("good health") {
          try await site.metrics()["pod_reaper_healthy"] == 1
        }
        try await service.tells("WATCHDOG=1", times: count + 2)
        try await eventually("its sockets") { try await isReached(site) }
      }
    }
  }
}
