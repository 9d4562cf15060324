import Glibc
import Logging
import PodIdentity
import TestSupport
import Testing

@testable import Executor

@Suite("An executor's lease")
struct LeaseTests {
  /// A stand-in for the reaper. It sends one response and prints each line that it receives.
  private static let reaper = """
    import socket, sys, threading
    server = socket.socket(socket.AF_UNIX)
    server.bind(sys.argv[1])
    server.listen(4)
    print('listens', flush=True)
    while True:
        client, _ = server.accept()
        lines = client.makefile('rw')
        print(lines.readline(), end='', flush=True)
        lines.write(sys.argv[2] + '\\n'); lines.flush()
        for line in lines: print(line, end='', flush=True)
    """

  private func withLease(
    _ response: String, _ body: (Lease, RunningCommand) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path("lease.sock")
      let reaper = try Command("/usr/bin/python3", ["-c", Self.reaper, path, response]).start()
      defer { reaper.send(SIGKILL) }
      try await reaper.line(containing: "listens")
      let lease = Lease(
        run: "run-1", environment: [Lease.variable: path], log: Logger(label: "test"))
      let keeping = Task { await lease.keep() }
      defer { keeping.cancel() }
      #expect(
        try await reaper.line(containing: "LEASE") == LeaseProtocol.request(run: "run-1"))
      try await body(lease, reaper)
    }
  }

  private func figures(_ task: String, restarts: Int = 0) -> LeaseFigures {
    var figures = LeaseFigures(task: task)
    figures.restarts = restarts
    return figures
  }

  @Test("sends the figures of each pod, a launch once, and the outcome before the release")
  func figures() async throws {
    try await withLease("OK restarts figures") { lease, reaper in
      var web = figures("web", restarts: 1)
      (web.launchSeconds, web.isNewlyLaunched) = (1.5, true)
      lease.report(web)
      try await reaper.line(containing: "FIGURES launched launch=1.5 ")
      web.isNewlyLaunched = false
      web.restarts = 2
      lease.report(web)
      let line = try await reaper.line(containing: "restarts=2 task=web")
      #expect(!line.contains("launched"))
      web.outcome = .failed
      lease.report(web)
      lease.report(figures("db"))
      lease.finish(isClean: true)
      try await reaper.line(containing: "RELEASE")
      let last = reaper.lines().suffix(3)
      #expect(last.first?.hasPrefix("FIGURES ended=failed ") == true, "\(last)")
      #expect(last.dropFirst().first?.hasSuffix("task=db") == true, "\(last)")
    }
  }

  @Test("sends at most eight lines per second, however many pods change")
  func pace() async throws {
    try await withLease("OK restarts figures") { lease, reaper in
      let begin = ContinuousClock.now
      for round in 1...20 {
        for pod in 1...4 { lease.report(figures("task-\(pod)", restarts: round)) }
      }
      for pod in 1...4 { try await reaper.line(containing: "restarts=20 task=task-\(pod)") }
      let seconds = (ContinuousClock.now - begin) / .seconds(1)
      let lines = reaper.lines().count { $0.hasPrefix("FIGURES") }
      #expect(Double(lines) <= 8 * (seconds + 1), "\(lines) lines in \(seconds) s")
      lease.finish(isClean: false)
      #expect(!reaper.text().contains("RELEASE"))
    }
  }

  @Test("sends a reaper of an earlier version only the sum of all restarts")
  func earlierReaper() async throws {
    try await withLease("OK restarts") { lease, reaper in
      var web = figures("web", restarts: 1)
      lease.report(web)
      try await reaper.line(containing: "RESTARTS 1")
      (web.restarts, web.outcome) = (3, .killed)
      lease.report(web)
      lease.report(figures("db", restarts: 2))
      lease.finish(isClean: true)
      try await reaper.line(containing: "RELEASE")
      #expect(reaper.text().contains("RESTARTS 5\nRELEASE"), "\(reaper.text())")
      #expect(!reaper.text().contains("FIGURES"))
    }
  }

  @Test("sends no figures to a reaper that accepts no feature")
  func firstReaper() async throws {
    try await withLease("OK") { lease, reaper in
      lease.report(figures("web", restarts: 1))
      try await Task.sleep(for: .milliseconds(200))
      lease.finish(isClean: true)
      try await reaper.line(containing: "RELEASE")
      #expect(reaper.lines().count == 3, "\(reaper.text())")
    }
  }
}
