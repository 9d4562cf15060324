import Foundation
import PodIdentity
import Reaping
import TestSupport
import Testing

/// An executor that doesn't know its pid: only its run's cgroup and its agent together prove its
/// death.
@Suite("A pod whose executor's pid isn't known", .needsEngine)
struct ReaperAgentTests {
  private static let one = TestEngine.all.prefix(1)

  /// Creates such a pod, runs a pass with an agent, and checks the verdict.
  private func expect(
    _ verdict: String, _ why: String, on engine: TestEngine, _ options: [String] = [],
    agent change: (inout FalseAgent.Words, String) -> Void = { _, _ in },
    cgroup hold: (PodIdentity) async throws -> RunningCommand? = { _ in nil }
  ) async throws {
    try await withReaperSite(on: engine) { site in
      var identity = PodIdentity.forged()
      identity.incarnation.pid = nil
      identity.incarnation.startTime = nil
      identity.cgroupParent = "/\(site.root)/\(identity.run)"
      var words = FalseAgent.Words()
      change(&words, identity.run)
      let agent = try FalseAgent(words)
      let holder = try await hold(identity)
      try await withForged([identity], on: engine) { pods in
        try await pods[0].container()
        try await pods[0].network()
        let end = try await site.once(["--grace", "500ms", "--agent-url", agent.url] + options)
        #expect(end.status == .exited(0), "\(end)")
        let pod = try #require(end.pod(identity.run), "\(end)")
        #expect(pod.verdict == verdict && pod.why.contains(why), "\(end)")
        let left = try await pods[0].left()
        #expect(left.containers.isEmpty == (verdict == "leaked"))
        #expect(left.networks.isEmpty == (verdict == "leaked"))
      }
      holder?.send(SIGKILL)
      _ = try await holder?.exit()
      for directory in try Hierarchy.directories(of: "/\(site.root)") {
        // The kernel needs a moment to empty it.
        try await eventually("\(directory) is gone") {
          Hierarchy.remove(directory)
          return !FileManager.default.fileExists(atPath: directory)
        }
      }
      withExtendedLifetime(agent) {}
    }
  }

  @Test("is leaked if its agent doesn't list the run and its cgroup is empty", arguments: one)
  func omitted(on engine: TestEngine) async throws {
    try await expect("leaked", "the agent doesn't list the run", on: engine)
  }

  @Test("is alive while its agent lists the run", arguments: one)
  func listed(on engine: TestEngine) async throws {
    try await expect("alive", "the agent lists the run", on: engine) { $0.runs = ["other", $1] }
  }

  @Test("is undecided if another agent responds", arguments: one)
  func otherAgent(on engine: TestEngine) async throws {
    try await expect("undecided", "the pod belongs to another agent", on: engine) { words, _ in
      words.id = "agent-2"
    }
  }

  @Test("is undecided while its agent recovers", arguments: one)
  func recovering(on engine: TestEngine) async throws {
    try await expect("undecided", "isn't registered", on: engine) { words, _ in
      words.isRegistered = false
    }
  }

  @Test("is undecided if its agent is restarted during the request", arguments: one)
  func restarting(on engine: TestEngine) async throws {
    // The list can be from the time of the recovery, although the agent is registered before and
    // after.
    try await expect("undecided", "was restarted during the query", on: engine) { words, _ in
      words.uptimes = Array(repeating: [4000, 2], count: 20).flatMap { $0 }
    }
  }

  @Test(
    "is leaked after the process in its agent's checkpoint has exited, too", arguments: one)
  func checkpointed(on engine: TestEngine) async throws {
    try await withUnknown(on: engine) { site, run, options in
      let agent = try FalseAgent(FalseAgent.Words())
      let process = try Command("sleep", ["60"]).start()
      defer { process.send(SIGKILL) }
      let runs =
        "work/meta/slaves/agent-1/frameworks/framework-1/executors/executor-\(run.prefix(8))"
      try site.directory.write("\(runs)/runs/\(run)/pids/forked.pid", "\(process.pid)")
      let more = [
        "--agent-url", agent.url, "--agent-work-dir", site.directory.path("work"), "--interval",
        "1s",
      ]
      try await ReaperService.with(site, options + more) { _ in
        let alive = try await site.status(of: run)
        #expect(alive?.why == "process \(process.pid) of the agent's checkpoint is alive")
        process.send(SIGKILL)
        try await process.exit()
        try await site.isRid(of: run)
      }
      withExtendedLifetime(agent) {}
    }
  }

  @Test("is undecided if its agent can hide runs, unless the operator excludes it", arguments: one)
  func hiding(on engine: TestEngine) async throws {
    try await expect("undecided", "access control", on: engine) { words, _ in words.acls = "{}" }
    try await expect("leaked", "doesn't list", on: engine, ["--agent-sees-everything"]) {
      words, _ in words.acls = "{}"
    }
  }

  @Test("is undecided if its agent doesn't respond", arguments: one)
  func silent(on engine: TestEngine) async throws {
    try await expect("undecided", "status 503", on: engine) { words, _ in words.status = 503 }
  }

  @Test("is alive while a process outside its containers is in its cgroup", arguments: one)
  func populated(on engine: TestEngine) async throws {
    let root = try #require(try Hierarchy.root(of: "freezer") ?? Hierarchy.unifiedRoot())
    try await expect(
      "alive", "contains 1 process", on: engine,
      cgroup: { identity in
        let directory = root + identity.cgroupParent
        try FileManager.default.createDirectory(
          atPath: directory, withIntermediateDirectories: true)
        let holder = try Command(
          "sh", ["-ec", "echo $$ > \(directory)/cgroup.procs; echo in; exec sleep 60"]
        ).start()
        try await holder.line(containing: "in")
        return holder
      })
  }

  @Test("is decided by an agent with TLS or a domain socket that requires a token", arguments: one)
  func guarded(on engine: TestEngine) async throws {
    for way in FalseAgent.Way.allCases {
      try await withUnknown(on: engine) { site, run, options in
        try await FalseAgent.withGuarded(way, runs: [run]) { agentOptions in
          let end = try await site.once(options + agentOptions)
          #expect(end.pod(run)?.why == "the agent lists the run", "\(way): \(end)")
        }
        try await FalseAgent.withGuarded(way, runs: [], token: "wrong") { agentOptions in
          let end = try await site.once(options + agentOptions)
          #expect(end.pod(run)?.verdict == "undecided", "\(way): \(end)")
          #expect(end.pod(run)?.why.contains("status 401") == true, "\(way): \(end)")
        }
        if way == .tls {
          // Certificates of an authority that the operator doesn't trust.
          let others = "/etc/ssl/certs/ca-certificates.crt"
          try await FalseAgent.withGuarded(way, runs: [], authorities: others) { agentOptions in
            let end = try await site.once(options + agentOptions)
            #expect(end.pod(run)?.verdict == "undecided", "\(end)")
            #expect(end.pod(run)?.why.contains("certificate") == true, "\(end)")
          }
        }
        try await FalseAgent.withGuarded(way, runs: ["other"]) { agentOptions in
          let end = try await site.once(options + agentOptions)
          #expect(end.pod(run)?.verdict == "leaked", "\(way): \(end)")
          #expect(try await Leftovers.of(run: run, on: engine).isEmpty, "\(way)")
        }
      }
    }
  }

  /// Calls `body` with a pod whose executor's pid isn't known, and whose cgroup doesn't exist
  /// anymore.
  private func withUnknown(
    on engine: TestEngine,
    _ body: (_ site: ReaperSite, _ run: String, _ options: [String]) async throws -> Void
  ) async throws {
    try await withReaperSite(on: engine) { site in
      var identity = PodIdentity.forged()
      identity.incarnation.pid = nil
      identity.incarnation.startTime = nil
      identity.cgroupParent = "/\(site.root)/\(identity.run)"
      try await withForged([identity], on: engine) { pods in
        try await pods[0].container()
        try await body(site, identity.run, ["--grace", "500ms"])
      }
    }
  }
}
