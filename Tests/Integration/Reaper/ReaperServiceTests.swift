import Foundation
import PodIdentity
import TestSupport
import Testing

@Suite("Reports of pod-reaper as a service", .needsEngine)
struct ReaperServiceTests {
  private static let one = TestEngine.all.prefix(1)

  private func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return try #require(attributes[.posixPermissions] as? Int)
  }

  @Test(
    "to systemd: ready after the first pass, watchdog while it works, reloading, stopping",
    arguments: one)
  func systemd(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withForged([.forged()], on: engine) { pods in
        try await pods[0].container()
        let service = try await ReaperService.start(
          site, ["--grace", "0s"], ["WATCHDOG_USEC": "200000"])
        defer { service.process.send(SIGKILL) }
        #expect(try await pods[0].left().isEmpty, "ready before the first pass was over")
        let ready = try #require(service.words.firstIndex(of: "READY=1"))
        // A start that takes long requests more time.
        #expect(service.words[..<ready].allSatisfy { $0.hasPrefix("EXTEND_TIMEOUT_USEC=") })
        try await service.tells("WATCHDOG=1", times: 3)
        service.process.send(SIGHUP)
        try await service.tells("READY=1", times: 2)
        let reloading = try #require(
          service.words.firstIndex { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") })
        #expect(reloading < (try #require(service.words.lastIndex(of: "READY=1"))))
        for (file, wanted) in [
          ("run/reaper.sock", 0o600), ("run/notify.sock", 0o600), ("run/lease.sock", 0o666),
          ("run/spool", 0o700), ("run", 0o755), ("state/journal.jsonl", 0o600),
        ] {
          #expect(try mode(site.directory.path(file)) == wanted, "\(file)")
        }
        try await service.stop()
        #expect(service.words.last == "STOPPING=1")
      }
    }
  }

  @Test("to systemd: ready if the engine is unavailable, since that is not its own fault")
  func engineAway() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      let nobody = ["DOCKER_HOST": "unix://" + site.directory.path("nobody.sock")]
      let service = try await ReaperService.start(
        site, [], nobody.merging(["WATCHDOG_USEC": "200000"]) { $1 })
      defer { service.process.send(SIGKILL) }
      try await service.tells("WATCHDOG=1", times: 2)
      let lines = service.process.lines(.stderr).filter { $0.contains("the engine is away") }
      #expect(lines.count == 1, "\(lines)")
      try await service.stop()
    }
  }

  @Test(
    "in the journal continue in a new file, and the log is JSON if requested",
    arguments: one)
  func rotation(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let options = ["--grace", "0s", "--journal-size", "600", "--log-format", "json"]
      try await ReaperService.with(site, options) { service in
        var runs: [String] = []
        for _ in 0..<3 {
          try await withForged([.forged()], on: engine) { pods in
            try await pods[0].container()
            runs.append(pods[0].identity.run)
            try await eventually("the journal's line") {
              try journalled(site).last == runs.last
            }
          }
        }
        let sizes = try String(contentsOfFile: site.journal + ".1", encoding: .utf8)
          .split(separator: "\n").map(\.utf8.count)
        #expect(sizes.count == 2, "\(sizes)")
        // Two lines fill a file. Both files together have all lines, in order and each once.
        #expect(try journalled(site) == runs)
        #expect(FileManager.default.fileExists(atPath: site.journal + ".1"))
        #expect(try String(contentsOfFile: site.journal, encoding: .utf8).contains(runs[2]))
        for line in service.process.lines(.stderr) {
          let fields = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
          #expect(fields?["message"] != nil && fields?["level"] != nil, "\(line)")
        }
        let removed = service.process.lines(.stderr).filter { $0.contains("removed 1 objects") }
        #expect(runs.allSatisfy { run in removed.contains { $0.contains(run) } })
      }
    }
  }

  @Test("to Prometheus: on its own loopback port only", arguments: one)
  func loopback(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      // A separate network namespace: every port is free.
      var command = site.reaper([], ["--metrics", "127.0.0.1:9469"])
      command.arguments =
        ["--net", "sh", "-ec", "ip link set lo up; exec \"$@\"", "sh", command.program]
        + command.arguments
      command.program = "unshare"
      let process = try command.start()
      defer { process.send(SIGKILL) }
      try await process.line(containing: "watching unix://", in: .stderr)
      let inside = ["-t", String(process.pid), "-n"]
      let text = try await Command(
        "nsenter", inside + ["curl", "-sf", "http://127.0.0.1:9469/metrics"]
      ).output()
      #expect(text.contains("\npod_reaper_passes_total "), "\(text)")
      let listening = try await Command("nsenter", inside + ["ss", "-ltnH"]).output()
      #expect(listening.split(separator: "\n").count == 1)
      #expect(listening.contains("127.0.0.1:9469"), "\(listening)")
      process.send(SIGTERM)
      #expect(try await process.exit() == .exited(0))
    }
  }

  @Test("of its capabilities; the three of its unit are enough", arguments: TestEngine.all)
  func capabilities(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let line = try #require(
        SourceTree.text("deploy/systemd/pod-reaper.service").split(separator: "\n")
          .first { $0.hasPrefix("CapabilityBoundingSet=") })
      let names = line.dropFirst("CapabilityBoundingSet=".count).lowercased().split(separator: " ")
      let set = "-all," + names.map { "+" + $0.dropFirst("cap_".count) }.joined(separator: ",")
      var command = site.reaper(["--interval", "10m"], ["--grace", "5m"])
      command.arguments =
        ["--bounding-set", set, "--no-new-privs", command.program] + command.arguments
      command.program = "setpriv"
      let process = try command.start()
      defer { process.send(SIGKILL) }
      let said = try await process.line(containing: "running with ", in: .stderr)
      for name in names { #expect(said.lowercased().contains(name), "\(said)") }
      let settings = PodSettings(environment: site.leaseEnvironment)
      try await withPod(on: engine, fullPod, settings) { pod in
        try await pod.running()
        try await site.holdsLeases(of: [pod.run])
        try await pod.kill()
        try await site.isRid(of: pod.run)
      }
      process.send(SIGTERM)
      #expect(try await process.exit() == .exited(0))
    }
  }

  /// The runs in both files of the journal, oldest first; every line is complete.
  private func journalled(_ site: ReaperSite) throws -> [String] {
    try [site.journal + ".1", site.journal].flatMap { file -> [String] in
      guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return [] }
      return try text.split(separator: "\n").map { line in
        let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return try #require(entry?["run"] as? String)
      }
    }
  }
}
