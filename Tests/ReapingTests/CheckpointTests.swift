import Foundation
import PodIdentity
import TestSupport
import Testing

@testable import Reaping

@Suite("The agent's checkpoint")
struct CheckpointTests {
  private let runs = "meta/slaves/agent-1/frameworks/f/executors/e/runs"

  @Test("names a process, alive or not, until its sentinel marks the run as over")
  func look() async throws {
    try await withTemporaryDirectory { directory in
      let checkpoint = Checkpoint(agentWorkDirectory: directory.path)
      let identity = Sample.identity(pid: nil, start: nil)
      #expect(checkpoint.finding(for: identity) == nil)
      try directory.write("\(runs)/run-1/pids/forked.pid", "\(getpid())\n")
      #expect(checkpoint.finding(for: identity) == .checkpointedProcess(getpid()))
      let ended = try Command("true").start()
      try await ended.exit()
      try directory.write("\(runs)/run-1/pids/forked.pid", "\(ended.pid)")
      #expect(checkpoint.finding(for: identity) == nil)
      for nonsense in ["", "0", "-1", "-\(getpid())", "x"] {
        try directory.write("\(runs)/run-1/pids/forked.pid", nonsense)
        #expect(checkpoint.finding(for: identity) == nil, "\(nonsense)")
      }
      try directory.write("\(runs)/run-1/executor.sentinel", "")
      #expect(checkpoint.finding(for: identity) == .sentinel)
    }
  }

  @Test("is never read outside of its directory, whatever the labels are")
  func detours() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("elsewhere/executor.sentinel", "")
      try directory.write("work/\(runs)/run-1/executor.sentinel", "")
      let checkpoint = Checkpoint(agentWorkDirectory: directory.path("work"))
      for run in ["../run-1", "run-1/../run-1", "", ".", "..", "run-1/"] {
        var identity = Sample.identity(pid: nil, start: nil)
        identity.run = run
        #expect(checkpoint.finding(for: identity) == nil, "\(run)")
        #expect(!checkpoint.isOver(run: run), "\(run)")
      }
      #expect(checkpoint.finding(for: Sample.identity(pid: nil, start: nil)) == .sentinel)
    }
  }

  @Test("gives the agent 90 s after the death to remove the run's directory, by boot time")
  func agentsTime() {
    let run = PendingRun(
      run: "run-1", agentID: "agent-1", path: "/mesos/run-1", bootID: "boot-1", deadSince: 1000)
    #expect(!run.agentGraceIsOver(at: Sample.time(1000)))
    #expect(!run.agentGraceIsOver(at: Sample.time(1089)))
    #expect(run.agentGraceIsOver(at: Sample.time(1090)))
    #expect(run.agentGraceIsOver(at: Sample.time(100_000)))
  }
}
