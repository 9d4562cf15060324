import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

/// Cgroups of runs that no object refers to anymore.
@Suite("Directories of runs below an agent's root", .needsEngine)
struct ReaperRunDirectoryTests {
  private static let one = TestEngine.all.prefix(1)

  /// Creates cgroups below the site's root in every hierarchy, and removes those that are left.
  private func withDirectories(
    _ names: [String], _ site: ReaperSite, _ body: () async throws -> Void
  ) async throws {
    let roots = try Hierarchy.all().map { "\($0.root)/\(site.root)" }
    for directory in roots.flatMap({ root in names.map { "\(root)/\($0)" } }) {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }
    defer { for root in roots { Hierarchy.remove(root) } }
    try await body()
  }

  private func isThere(_ name: String, _ site: ReaperSite) throws -> Bool {
    try !Hierarchy.directories(of: "/\(site.root)/\(name)").isEmpty
  }

  @Test(
    "are removed if they have a run's name and the agent reports the run as over, others are not",
    arguments: one)
  func names(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let over = UUID().uuidString.lowercased()
      let listed = UUID().uuidString.lowercased()
      let busy = UUID().uuidString.lowercased()
      let others = [
        "system", "slave", over + "-x", "mesos_executors.slice", String(over.dropLast()),
        String(repeating: "0f", count: 32),
      ]
      try await withDirectories([over, listed, busy] + others, site) {
        let root = try #require(try Hierarchy.all().first?.root)
        let process = try Command(
          "sh",
          ["-ec", "echo $$ > \(root)/\(site.root)/\(busy)/cgroup.procs; echo in; exec sleep 90"]
        ).start()
        try await process.line(containing: "in")
        // Without an agent's response, a run can be about to begin.
        var end = try await site.once("--grace", "500ms")
        #expect(end.status == .exited(0) && end.report?.cgroupsRemoved == [], "\(end)")
        #expect(try isThere(over, site))
        // An agent whose runs are below another root doesn't know them either.
        let other = try FalseAgent(FalseAgent.Words(runs: [listed]))
        end = try await site.once("--grace", "500ms", "--agent-url", other.url)
        #expect(end.report?.cgroupsRemoved == [], "\(end)")
        #expect(try isThere(over, site))
        let agent = try FalseAgent(FalseAgent.Words(runs: [listed], cgroupsRoot: "/\(site.root)/"))
        end = try await site.once("--grace", "500ms", "--agent-url", agent.url)
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.report?.cgroupsRemoved == ["/\(site.root)/\(over)"], "\(end)")
        #expect(try !isThere(over, site))
        for name in [listed, busy] + others { #expect(try isThere(name, site), "\(name)") }
        process.send(SIGKILL)
        try await process.exit()
        withExtendedLifetime((agent, other)) {}
      }
    }
  }

  @Test("are kept in every hierarchy while one of them has a process", arguments: one)
  func busy(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let run = UUID().uuidString.lowercased()
      try await withDirectories([run], site) {
        let root = try #require(try Hierarchy.all().first?.root)
        let process = try Command(
          "sh",
          ["-ec", "echo $$ > \(root)/\(site.root)/\(run)/cgroup.procs; echo in; exec sleep 90"]
        ).start()
        try await process.line(containing: "in")
        let directories = try Hierarchy.directories(of: "/\(site.root)/\(run)")
        try note([(run, 91)], site)
        var end = try await site.once()
        #expect(end.status == .exited(1), "\(end)")
        #expect(try Hierarchy.directories(of: "/\(site.root)/\(run)") == directories)
        process.send(SIGKILL)
        try await process.exit()
        end = try await site.once()
        #expect(end.report?.cgroupsRemoved == ["/\(site.root)/\(run)"], "\(end)")
        #expect(try !isThere(run, site))
      }
    }
  }

  /// Writes the notes of an earlier pass: runs that died this number of seconds ago.
  private func note(_ runs: [(run: String, age: Int)], _ site: ReaperSite) throws {
    var now = timespec()
    clock_gettime(CLOCK_BOOTTIME, &now)
    let noted = runs.map { run, age in
      """
      {"run":"\(run)","agentID":"agent-1","path":"/\(site.root)/\(run)",\
      "bootID":"\(Incarnation.current().bootID ?? "")","deadSince":\(now.tv_sec - age)}
      """
    }
    try site.directory.write("state/pending.json", "[\(noted.joined(separator: ","))]")
    chmod(site.directory.path("state"), 0o700)
  }

  @Test("of dead pods are the agent's for 90 s, and are then removed without it", arguments: one)
  func agentsTime(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let young = UUID().uuidString.lowercased()
      let old = UUID().uuidString.lowercased()
      try await withDirectories([young, old], site) {
        try note([(young, 60), (old, 91)], site)
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.report?.cgroupsRemoved == ["/\(site.root)/\(old)"], "\(end)")
        #expect(end.report?.cgroupsPending == ["/\(site.root)/\(young)"], "\(end)")
        #expect(try isThere(young, site) && !isThere(old, site))
      }
    }
  }
}
