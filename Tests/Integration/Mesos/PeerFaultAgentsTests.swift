import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

// https://github.com/hashicorp/nomad/issues/7792
@Suite("Two agents on one host with one engine", .needsEngine)
struct PeerFaultAgentsTests {
  private static let one = TestEngine.all.prefix(1)

  private func settings(_ agent: String, task: String) -> PodSettings {
    PodSettings(options: ["--agent-id", agent, "--grace", "2s"], task: task)
  }

  /// Invariant 4: pods of another agent are never mistaken for this agent's.
  @Test(
    "the cleanup of one's pod doesn't affect the other's, even with the same task ID",
    arguments: one)
  func cleanup(on engine: TestEngine) async throws {
    let task = "it-\(UUID().uuidString.prefix(8).lowercased())"
    try await withPod(on: engine, fullPod, settings("agent-a", task: task)) { other in
      try await other.running()
      let before = try await other.untouched()
      try await withPod(on: engine, fullPod, settings("agent-b", task: task)) { pod in
        try await pod.running()
        pod.send(SIGTERM)
        #expect(try await pod.ended().status == .exited(130))
        try await expectNothingLeft(of: pod)
        #expect(try await other.untouched() == before)
      }
      #expect(other.executor.status == nil)
    }
  }

  @Test("a reaper of one agent removes its dead pods, and no running pod of the other")
  func reaper() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      var words = FalseAgent.Words()
      words.id = "agent-a"
      let agent = try FalseAgent(words)
      let task = "it-\(UUID().uuidString.prefix(8).lowercased())"
      try await withPod(on: engine, fullPod, settings("agent-b", task: task)) { living in
        try await living.running()
        let before = try await living.untouched()
        try await withPod(on: engine, fullPod, settings("agent-a", task: task)) { dead in
          try await dead.running()
          try await dead.kill()
          // The agent lists neither run.
          let end = try await site.once("--agent-url", agent.url)
          #expect(end.status == .exited(0), "\(end)")
          #expect(end.pod(dead.run)?.verdict == "leaked", "\(end)")
          #expect(end.pod(living.run)?.verdict == "alive", "\(end)")
          try await expectNothingLeft(of: dead)
        }
        #expect(try await living.untouched() == before)
        #expect(living.executor.status == nil)
      }
      withExtendedLifetime(agent) {}
    }
  }

  @Test("without pids, each agent's response is evidence only for its own pods")
  func unknownPids() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      let identities = ["agent-a", "agent-b"].map { agent in
        var identity = PodIdentity.forged()
        identity.incarnation.pid = nil
        identity.incarnation.startTime = nil
        identity.agentID = agent
        identity.cgroupParent = "/\(site.root)/\(identity.run)"
        return identity
      }
      try await withForged(identities, on: engine) { pods in
        for pod in pods { try await pod.container() }
        for (requested, gone, left) in [("agent-a", 0, 1), ("agent-b", 1, 0)] {
          var words = FalseAgent.Words()
          words.id = requested
          let agent = try FalseAgent(words)
          let end = try await site.once(["--grace", "500ms", "--agent-url", agent.url])
          #expect(end.status == .exited(0), "\(end)")
          #expect(end.pod(identities[gone].run)?.verdict == "leaked", "\(end)")
          #expect(try await pods[gone].left().containers.isEmpty)
          if requested == "agent-a" {
            #expect(end.pod(identities[left].run)?.verdict == "undecided", "\(end)")
            #expect(try await pods[left].left().containers.count == 1)
          }
          withExtendedLifetime(agent) {}
        }
      }
      for directory in try Hierarchy.directories(of: "/\(site.root)") {
        Hierarchy.remove(directory)
      }
    }
  }
}
