import AgentStandIn
import Foundation
import TestSupport
import Testing

/// src/slave/containerizer/mesos: containerizer.cpp, linux_launcher.cpp, isolators/cgroups.
@Suite(
  "The stand-in's launcher", .enabled(if: getuid() == 0, "needs root"), .timeLimit(.minutes(5)))
struct LauncherTests {
  private static let kinds: [LaunchOptions.Launcher] = [.posix, .cgroups1, .cgroups2].filter {
    kind in
    let mounts = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
    return switch kind {
    case .posix: true
    case .cgroups1: mounts.contains(" - cgroup ")
    case .cgroups2: mounts.contains(" - cgroup2 ")
    }
  }

  /// Runs a shell script as an executor.
  private func withRun(
    _ script: String, _ launch: LaunchOptions,
    _ body: (AgentStandIn, ExecutorRun) async throws -> Void
  ) async throws {
    try await withAgent { agent in
      var launch = launch
      // The root isn't shared with other tests, since the last run in a root removes it.
      launch.cgroupsRoot = "mesos-standin-\(UUID().uuidString.prefix(8))"
      let run = try agent.launch(TaskDescription(id: "t", command: script), as: launch)
      try await body(agent, run)
    }
  }

  @Test("starts an executor with its sandbox, environment and cgroup", arguments: kinds)
  func started(kind: LaunchOptions.Launcher) async throws {
    var launch = LaunchOptions(launcher: kind, files: ["a/compose.yaml": "here"])
    launch.environment["MINE"] = "yes"
    let script = "cat a/compose.yaml; env; cat /proc/self/cgroup"
    try await withRun(script, launch) { agent, run in
      #expect(try await run.exit() == .exited(0))
      let text = run.text()
      #expect(text.hasPrefix("here") && text.contains("MINE=yes\n"))
      #expect(text.contains("MESOS_DIRECTORY=\(run.sandbox)\n"))
      #expect(text.contains("MESOS_AGENT_ENDPOINT=\(agent.endpoint)\n"))
      #expect(text.contains("MESOS_SUBSCRIPTION_BACKOFF_MAX=2secs\n"))
      let groups = text.split(separator: "\n").filter { $0.contains(":/mesos-standin-") }
      switch kind {
      case .posix: #expect(groups.isEmpty)
      case .cgroups1:
        #expect(groups.count >= 3 && groups.allSatisfy { $0.hasSuffix("/\(run.id)") })
        #expect(groups.contains { $0.contains("freezer") })
      case .cgroups2: #expect(groups.count == 1 && groups[0].hasSuffix("/\(run.id)/leaf"))
      }
      let end = try await agent.end(of: "t")
      #expect(end.state == "TASK_LOST" || end.state == "TASK_FAILED")
      #expect(!run.hasLeftover && agent.executorIDs.isEmpty)
    }
  }

  @Test("kills all processes that the executor left behind", arguments: kinds)
  func killed(kind: LaunchOptions.Launcher) async throws {
    let script = "sleep 1000 & echo $! > child; exec sleep 1000"
    try await withRun(script, LaunchOptions(launcher: kind)) { agent, run in
      let child = try await eventually("a child") {
        Int32(run.text("child").trimmingCharacters(in: .whitespacesAndNewlines))
      }
      #expect(kill(child, 0) == 0)
      run.send(SIGKILL)
      #expect(try await run.exit() == .signaled(SIGKILL))
      try await eventually("the child's end") {
        let status = (try? String(contentsOfFile: "/proc/\(child)/status", encoding: .utf8)) ?? ""
        return status.isEmpty || status.contains("State:\tZ")
      }
      #expect(try await agent.end(of: "t").reason == "REASON_EXECUTOR_TERMINATED")
    }
  }

  @Test("runs the executor as an ordinary user who owns the sandbox")
  func user() async throws {
    let user = LaunchOptions.User(uid: 65534, gid: 65534, groups: [7])
    try await withRun("id -u; id -G", LaunchOptions(launcher: .posix, user: user)) { _, run in
      try await run.exit()
      #expect(run.text() == "65534\n65534 7\n")
      var info = stat()
      #expect(stat(run.sandbox, &info) == 0 && info.st_uid == 65534)
    }
  }

  @Test(
    "destroys a run that exceeds its memory limit, with the isolator's message",
    .enabled(if: kinds.contains(.cgroups1), "needs cgroup v1"))
  func memory() async throws {
    let greedy = "exec dd if=/dev/zero bs=200M count=1 of=/dev/null"
    var task = TaskDescription(id: "t", command: greedy)
    task.memory = 8
    task.executorMemory = 32
    try await withAgent { agent in
      let run = try agent.launch(task)
      try await run.exit()
      let end = try await agent.end(of: "t")
      #expect(end.reason == "REASON_CONTAINER_LIMITATION_MEMORY")
      #expect(end.message?.contains("Memory limit exceeded: Requested: 40MB") == true)
      #expect(!run.hasLeftover)
    }
  }
}
