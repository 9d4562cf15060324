import Foundation
import TestSupport
import Testing

@Suite("compose-executor doctor", .needsEngine, .throttled)
struct DoctorTests {
  private struct Report: Decodable {
    struct Check: Decodable {
      let check: String
      let result: String
      let finding: String
      let fix: String?
    }
    let version: Int
    let result: String
    let checks: [Check]
    func check(_ name: String) -> Check? { checks.first { $0.check == name } }
  }

  private func doctor(
    _ words: [String], engine: String, _ environment: [String: String] = [:]
  ) -> Command {
    Command(
      BuiltProgram.composeExecutor, ["doctor", "--agent", "http://127.0.0.1:1"] + words,
      environment: ["DOCKER_HOST": engine].merging(environment) { $1 })
  }

  @Test("finds a real engine, its driver, pools and disk", arguments: TestEngine.all)
  func engine(_ engine: TestEngine) async throws {
    let end = try await doctor(["--format", "json"], engine: engine.dockerHost).run()
    let report = try JSONDecoder().decode(Report.self, from: Data(end.stdout.utf8))
    #expect(report.version == 1)
    #expect(end.status == .exited(report.result == "fail" ? 1 : 0), "\(end)")
    #expect(report.check("engine")?.result == "ok", "\(end)")
    #expect(report.check("engine")?.finding.contains("API 1.") == true)
    let cgroups = engine.cgroups == .v2 ? "v2" : "v1"
    #expect(report.check("cgroup-driver")?.finding.contains(cgroups) == true, "\(end)")
    #expect(report.check("address-pools")?.finding.contains("networks left") == true, "\(end)")
    #expect(report.check("engine-disk")?.finding.contains("MiB free") == true, "\(end)")
    #expect(report.check("reaper-program")?.result == "ok", "\(end)")
    #expect(report.check("agent")?.result == "warn")
    #expect(
      report.checks.map(\.check)
        == [
          "user", "kernel", "proc", "boot", "clock", "cgroups", "engine", "cgroup-driver",
          "storage-driver", "live-restore", "address-pools", "engine-disk", "sandbox",
          "sandbox-disk", "control-directory", "settings-file", "policy", "agent", "hook-module",
          "reaper-program", "reaper-service", "leases",
        ].filter { $0 != "sandbox-disk" || report.check("sandbox-disk") != nil }, "\(end)")
  }

  @Test("exits with 1 if no engine responds, and with 2 for invalid options")
  func codes() async throws {
    let none = try await doctor([], engine: "unix:///nowhere/d.sock").run()
    #expect(none.status == .exited(1), "\(none)")
    #expect(none.stdout.contains("\nfail  engine:"), "\(none)")
    #expect(none.stderr.isEmpty && !none.stdout.contains("\u{1b}"), "\(none)")
    for words in [["--agent", "x"], ["--format", "xml"], ["--nothing"], ["more"]] {
      let end = try await doctor(words, engine: "unix:///nowhere/d.sock").run()
      #expect(end.status == .exited(2) && end.stdout.isEmpty, "\(end)")
    }
  }

  @Test("checks the health of a running reaper, and a lease", arguments: TestEngine.all.prefix(1))
  func reaper(_ engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await ReaperService.with(site) { _ in
        let end = try await doctor(
          ["--format", "json"], engine: engine.dockerHost, site.leaseEnvironment
        ).run()
        let report = try JSONDecoder().decode(Report.self, from: Data(end.stdout.utf8))
        #expect(report.check("reaper-service")?.result == "ok", "\(end)")
        #expect(report.check("leases")?.result == "ok", "\(end)")
      }
    }
  }

  @Test("fits a terminal of 80 and of 200 columns", arguments: [80, 200])
  func terminal(_ columns: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    let command = doctor([], engine: engine.dockerHost)
    let line = ([command.program] + command.arguments).map { "'\($0)'" }.joined(separator: " ")
    let end = try await Command(
      "script", ["-qfec", "stty cols \(columns); \(line)", "/dev/null"],
      environment: command.environment.merging(["TERM": "xterm", "NO_COLOR": ""]) { $1 }
    ).run()
    let lines = end.stdout.replacing(#/\u{1b}\[[0-9;]*m/#, with: "")
      .split(whereSeparator: \.isNewline)
    #expect(lines.allSatisfy { $0.count <= columns }, "\(end)")
    #expect(end.stdout.contains("\u{1b}[32mok\u{1b}[0m"), "\(end)")
  }
}
