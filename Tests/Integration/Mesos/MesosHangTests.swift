import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("A task that is killed while its engine hangs", .needsEngine, .throttled)
struct MesosHangTests {
  /// Starts a foreign container below a cgroup.
  ///
  /// - Returns: its first process.
  private func stranger(below parent: String, on engine: TestEngine) async throws -> pid_t {
    let id = try await engine.docker(
      "run", "-d", "--cgroup-parent", parent, "founding/base"
    ).output()
    let pid = try await engine.docker("inspect", "--format", "{{.State.Pid}}", id).output()
    return try #require(pid_t(pid))
  }

  /// Whether a process is alive; a zombie isn't.
  private func lives(_ pid: pid_t) -> Bool {
    let state = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    return state.map { !$0.contains(") Z ") } ?? false
  }

  /// The processes in one container's cgroup, of all hierarchies.
  private func processes(of container: String, _ pod: MesosPod) throws -> [String] {
    let path = "/\(pod.cgroupsRoot)/\(pod.run.id)/\(container)"
    return try Hierarchy.directories(of: path).flatMap { directory in
      let text = (try? String(contentsOfFile: "\(directory)/cgroup.procs", encoding: .utf8)) ?? ""
      return text.split(separator: "\n").map(String.init)
    }
  }

  @Test(
    "has only its pod's processes killed through their cgroups, and the rest is reported",
    arguments: TestEngine.all.map(\.cgroups))
  func hangs(cgroups: TestEngine.CgroupVersion) async throws {
    try await OwnEngine.with(cgroups) { own in
      var settings = MesosSettings(environment: ["COMPOSE_EXECUTOR_CLEANUP_TIMEOUT": "10s"])
      settings.leavesContainers = true
      // A process of the run next to the executor, like a sidecar of the executor's command.
      settings.task = {
        $0.command = "sleep 1000 & echo $! > beside; \($0.command)"
        $0.killGrace = .seconds(1)
      }
      let file = """
        services:
          web: {image: founding/base}
          job: {image: pod-test/busybox, command: [sh, -c, "sleep 1000 & sleep 1000"]}
        """
      try await withMesosPod(on: MesosHost(own.engine), file, settings) { pod in
        try await pod.running()
        let containers = try await pod.containers()
        for container in containers { #expect(try processes(of: container, pod) != []) }
        // One in the run's own cgroup, one in its neighbor's.
        let others = [
          try await stranger(below: "/\(pod.cgroupsRoot)/\(pod.run.id)", on: own.engine),
          try await stranger(below: "/\(pod.cgroupsRoot)/neighbour", on: own.engine),
        ]
        let beside = try #require(
          pid_t(pod.run.text("beside").trimmingCharacters(in: .whitespacesAndNewlines)))
        pod.agent.acknowledge(.withheld)
        let daemon = try own.daemon()
        kill(daemon, SIGSTOP)
        defer { kill(daemon, SIGCONT) }
        pod.kill()
        let end = try await pod.ended()
        #expect(end.state == "TASK_KILLED")
        let message = end.message ?? ""
        for container in containers {
          #expect(
            message.contains(
              "container \(container.prefix(40)) (its processes are killed; the engine doesn't respond)"
            ),
            "\(message)")
          #expect(try processes(of: container, pod) == [])
        }
        #expect(message.contains("not removed: container "), "\(message)")
        // The executor waits for the acknowledgement: it runs, and so do the processes that don't
        // belong to the pod.
        #expect(pod.run.status == nil && !pod.run.isGone)
        for pid in others + [beside, pod.run.pid] { #expect(lives(pid), "\(pid)") }
        pod.agent.acknowledge(.prompt)
        pod.agent.releaseAcknowledgements()
        #expect(try await pod.exited() == .exited(1))
        // The agent kills all processes of the run, and none of the neighbor's.
        #expect(!lives(beside) && lives(others[1]))
        kill(daemon, SIGCONT)
        // dockerd completes the removals that were requested.
        try await eventually("the removal of all containers", within: .seconds(180)) {
          let all = try await own.engine.docker("ps", "-aq").output().split(separator: "\n")
          if all.isEmpty { return true }
          try await own.engine.docker(["rm", "-fv"] + all.map(String.init)).run()
          return false
        }
        for directory in try Hierarchy.directories(of: "/\(pod.cgroupsRoot)/neighbour") {
          rmdir(directory)
        }
      }
    }
  }
}
