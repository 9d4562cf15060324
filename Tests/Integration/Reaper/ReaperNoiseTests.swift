import Foundation
import PodIdentity
import TestSupport
import Testing

@Suite("A service under abusive load", .needsEngine)
struct ReaperNoiseTests {
  private static let one = TestEngine.all.prefix(1)

  private func descriptors(of service: ReaperService) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(service.process.pid)/fd").count
  }

  /// Connects 10,000 times to a socket, in seven ways in turn, and closes the connection.
  private static let hangUps = """
    import signal, socket, sys
    path = sys.argv[1]
    data = [b"", b"LEASE 1 x\\n", b"LEASE 1 x\\nRELEASE\\n", b"LEASE 1 x", b"\\xff\\x00garbage\\n" * 9, b"x" * 4000,
            b"what\\n"]
    for number in range(10000):
        one = socket.socket(socket.AF_UNIX)
        one.connect(path)
        one.settimeout(30)
        try:
            one.sendall(data[number % len(data)])
            if number % 3 == 1: one.shutdown(socket.SHUT_WR)
            if number % 5 == 1 and data[number % len(data)].endswith(b"\\n"): one.recv(64)
        except OSError: pass
        one.close()
    print("done", flush=True)
    signal.pause()
    """

  @Test(
    "has no more descriptors after peers close connections without reading",
    arguments: one, ["lease.sock", "reaper.sock"])
  func hangUps(on engine: TestEngine, _ socket: String) async throws {
    try await withReaperSite(on: engine) { site in
      try await ReaperService.with(site) { service in
        let before = try descriptors(of: service)
        let peer = try Command(
          "/usr/bin/python3", ["-c", Self.hangUps, "\(site.runDirectory)/\(socket)"]
        ).start()
        defer { peer.send(SIGKILL) }
        try await peer.line(containing: "done", within: .seconds(300))
        // The engine's connections can add one.
        try await eventually("the descriptors of before") {
          try descriptors(of: service) <= before + 1
        }
        #expect(peer.status == nil)
      }
    }
  }

  @Test(
    "logs a bounded number of lines, with counts, for 100,000 invalid datagrams, leases and files",
    arguments: one)
  func flood(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let service = try await ReaperService.start(
        site, ["--grace", "5m", "--log-level", "debug", "--interval", "1s"])
      defer { service.process.send(SIGKILL) }
      // Its second process sends invalid leases and puts unreadable files into the spool.
      let flood = """
        import os, socket, sys
        run = sys.argv[1]
        if os.fork() == 0:
            for number in range(3000):
                one = socket.socket(socket.AF_UNIX)
                one.connect(run + "/lease.sock")
                one.sendall(b"LEASE 7 x\\n")
                one.close()
            os._exit(0)
        out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        out.connect(run + "/notify.sock")
        for number in range(100000): out.send(b"odd %d" % number)
        for number in range(500):
            name = "%020d-%010d-%020d-%016x-9.event" % (1, 1, number, 1)
            os.mkdir(run + "/" + name)
            os.rename(run + "/" + name, run + "/spool/" + name)
        os.wait()
        """
      try await Command("/usr/bin/python3", ["-c", flood, site.runDirectory]).output(
        within: .seconds(300))
      let path = site.runDirectory + "/notify.sock"
      // All queued datagrams are read before the exit.
      try await service.stop()
      #expect(!FileManager.default.fileExists(atPath: path))
      let lines = service.process.lines(.stderr)
      #expect(lines.count < 1500, "\(lines.count)")
      let odd = lines.filter { $0.contains("an event from the socket can't be read") }
      let counts = odd.compactMap { line -> Int? in
        guard let range = line.firstRange(of: /… and ([0-9,]+) more like it/) else { return nil }
        return Int(line[range].filter(\.isNumber))
      }
      #expect(!counts.isEmpty)
      #expect(odd.count - counts.count + counts.reduce(0, +) == 100_000, "\(counts)")
      #expect(lines.contains { $0.contains("a lease of process ") && $0.contains("more like it") })
    }
  }
}
