import Foundation
import PodIdentity
import Reaping
import Testing
import TestSupport

@Suite("A pod-reaper with a restricted view of the host", .needsEngine)
struct ReaperBlindTests {
  /// Creates a leaked pod and a way to run a pass; the pass must leave it undecided.
  private func expectUndecided(
    why: String, on engine: TestEngine, _ wrap: (Command) -> Command
  ) async throws {
    try await withReaperSite(on: engine) { site in
      try await withForged([.forged()], on: engine) { pods in
        try await pods[0].container()
        try await pods[0].network()
        let reaper = wrap(site.reaper(["--once", "--format", "json"]))
        let end = try await ReaperEnd(reaper.run(within: .seconds(180)))
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.pod(pods[0].identity.run)?.verdict == "undecided", "\(end)")
        #expect(end.pod(pods[0].identity.run)?.why.contains(why) == true, "\(end)")
        let left = try await pods[0].left()
        #expect(left.containers.count == 1 && left.networks.count == 1)
        // A reaper with a full view removes it.
        #expect(try await site.once().status == .exited(0))
        #expect(try await pods[0].left().isEmpty)
      }
    }
  }

  /// Runs a command in its own namespaces, after some shell commands.
  private func unshared(_ options: [String], _ words: String, _ command: Command) -> Command {
    Command(
      "unshare",
      options + ["sh", "-ec", words + "exec \"$@\"", "sh", command.program]
        + command.arguments, environment: command.environment)
  }

  @Test("leaves pods undecided if /proc hides other users' processes", arguments: TestEngine.all)
  func hidepid(on engine: TestEngine) async throws {
    try await expectUndecided(why: "hidepid=", on: engine) {
      unshared(["--mount"], "mount -t proc -o hidepid=2 proc /proc; ", $0)
    }
  }

  @Test("leaves pods undecided in its own pid namespace", arguments: TestEngine.all)
  func ownPIDNamespace(on engine: TestEngine) async throws {
    try await expectUndecided(why: "its own pid namespace", on: engine) {
      unshared(["--pid", "--fork", "--mount-proc"], "", $0)
    }
  }

  @Test("leaves pods undecided in its own time namespace", arguments: TestEngine.all.prefix(1))
  func ownTimeNamespace(on engine: TestEngine) async throws {
    try await expectUndecided(why: "its own time namespace", on: engine) {
      unshared(["--time", "--boottime", "100000", "--fork"], "", $0)
    }
  }

  @Test("leaves pods undecided if it reaches its engine over TCP", arguments: TestEngine.all)
  func overTCP(on engine: TestEngine) async throws {
    try await EngineProxy.with(engine) { proxy in
      try await expectUndecided(why: "reached over TCP", on: engine) {
        var command = $0
        command.environment["DOCKER_HOST"] = "tcp://127.0.0.1:\(proxy.port)"
        return command
      }
    }
  }

  @Test(
    "leaves a pod undecided whose executor runs in its own namespace",
    arguments: TestEngine.all,
    ["--pid --mount-proc", "--time --boottime 100000"])
  func executorsNamespace(on engine: TestEngine, options: String) async throws {
    try await withReaperSite(on: engine) { site in
      let settings = PodSettings(shell: "exec unshare \(options) --fork --kill-child \"$@\"")
      try await withPod(on: engine, smallPod, settings) { pod in
        try await pod.running()
        let container = try #require(try await pod.containers()["web"])
        #expect(container.Config.Labels["mesos.executor.pid"] == "")
        let before = try await pod.untouched()
        let living = try await site.once()
        #expect(living.pod(pod.run)?.verdict == "undecided", "\(living)")
        #expect(try await pod.untouched() == before)
        try await pod.kill()
        let end = try await site.once()
        #expect(end.status == .exited(0), "\(end)")
        let report = try #require(end.pod(pod.run))
        #expect(report.verdict == "undecided")
        #expect(report.why.contains("its executor's pid isn't known"), "\(end)")
        #expect(try await pod.untouched() == before)
        try await Leftovers.of(run: pod.run, on: engine).remove(from: engine)
      }
    }
  }
}
