import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("A task under Mesos", .needsEngine, .throttled)
struct MesosLifeTests {
  /// include/mesos/v1/mesos.proto, TaskState and TaskStatus.
  @Test("starts, runs, and finishes or fails as its pod does", arguments: MesosHost.all)
  func endings(on host: MesosHost) async throws {
    for (code, state) in [("0", "TASK_FINISHED"), ("3", "TASK_FAILED")] {
      try await withMesosPod(on: host, obedient) { pod in
        let running = try await pod.running()
        #expect(running.source == "SOURCE_EXECUTOR" && running.reason == nil)
        let networks = running.containerStatus?["network_infos"]?.array
        #expect(networks?.first?["ip_addresses"]?.array?.isEmpty == false)
        try pod.write("stop", code)
        let end = try await pod.ended()
        #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", state])
        if code == "3" { #expect(end.message == "service 'web' exited with 3") }
        // The terminal update is sent after all objects are removed.
        #expect(try await pod.containers() == [])
        // The executor has received the acknowledgement.
        #expect(try await pod.exited() == .exited(0))
        #expect(end.reason == nil)
        #expect(pod.agent.updates.allSatisfy { $0.isAcknowledged })
      }
    }
  }

  /// include/mesos/v1/mesos.proto, `FrameworkInfo.Capability.TASK_KILLING_STATE`.
  @Test("is killed, with TASK_KILLING if the framework supports it", arguments: MesosHost.all)
  func killed(on host: MesosHost) async throws {
    for capabilities in [["TASK_KILLING_STATE"], []] as [Set<String>] {
      var settings = MesosSettings()
      settings.agent = { $0.capabilities = capabilities }
      try await withMesosPod(on: host, obedient, settings) { pod in
        try await pod.running()
        pod.kill()
        let end = try await pod.ended()
        #expect(end.state == "TASK_KILLED" && end.source == "SOURCE_EXECUTOR")
        let between = capabilities.isEmpty ? [] : ["TASK_KILLING"]
        #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING"] + between + ["TASK_KILLED"])
        #expect(try await pod.exited() == .exited(0))
      }
    }
  }

  /// A service that allocates more memory than its limit.
  private func greedy(_ more: String = "") -> String {
    """
    services:
      web:
        image: pod-test/busybox
        command: [sh, -c, 'until [ -e /box/go ]; do sleep 0.05; done; dd if=/dev/zero of=/dev/null bs=300M count=1']
        volumes: [".:/box"]
        \(more)
    """
  }

  /// src/slave/containerizer/mesos/isolators/cgroups/subsystems/memory.cpp, `oomWaited`.
  @Test("fails with that reason if it exceeds its own memory", .needs("memory", on: .v1))
  func memory() async throws {
    let host = try #require(TestEngine.v1.map { MesosHost($0) })
    var settings = MesosSettings()
    // The launcher kills the executor too; the reaper removes its pod.
    settings.leavesContainers = true
    try await withMesosPod(on: host, greedy(), settings) { pod in
      try await pod.running()
      try pod.write("go")
      let end = try await pod.ended()
      #expect(end.state == "TASK_FAILED" && end.reason == "REASON_CONTAINER_LIMITATION_MEMORY")
      try await pod.exited()
    }
  }

  /// docs/task-state-reasons.md, `REASON_CONTAINER_LIMITATION_MEMORY`.
  @Test("fails with that reason if a service exceeds its own limit", .needs("memory", on: .v1))
  func serviceMemory() async throws {
    let host = try #require(TestEngine.v1.map { MesosHost($0) })
    try await withMesosPod(on: host, greedy("mem_limit: 48m")) { pod in
      try await pod.running()
      try pod.write("go")
      let end = try await pod.ended()
      #expect(end.state == "TASK_FAILED" && end.source == "SOURCE_EXECUTOR")
      #expect(end.reason == "REASON_CONTAINER_LIMITATION_MEMORY")
      #expect(end.message?.contains("'web'") == true)
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// src/slave/containerizer/mesos/linux_launcher.cpp, `fork`;
  /// isolators/cgroups2/cgroups2.cpp, `___recover`.
  @Test("has the containers of its pod in the task's cgroup", arguments: MesosHost.all)
  func cgroup(on host: MesosHost) async throws {
    try await withMesosPod(on: host, obedient) { pod in
      try await pod.running()
      let container = try #require(try await pod.containers().first)
      let parent = try await host.engine.docker(
        "inspect", "--format", "{{.HostConfig.CgroupParent}}", container
      ).output()
      let expected = host.launcher == .posix ? "compose-pods" : pod.cgroupsRoot
      #expect(parent == "/\(expected)/\(pod.run.id)")
      if host.launcher == .cgroups2 {
        // The agent's recovery fails without this directory.
        let root = try #require(try Hierarchy.unifiedRoot())
        #expect(FileManager.default.fileExists(atPath: "\(root)\(parent)/mesos"))
      }
      pod.kill()
      try await pod.ended()
    }
  }

  /// docs/executor-http-api.md, "LAUNCH".
  @Test("shares its executor with others, each with its own result", arguments: MesosHost.both)
  func several(on host: MesosHost) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [sh, -c, 'until [ -e /box/${NAME} ]; do sleep 0.05; done']
          stop_signal: SIGKILL
          volumes: [".:/box"]
      """
    var settings = MesosSettings()
    settings.task = { $0.environment = ["NAME": "first"] }
    try await withMesosPod(on: host, file, settings) { pod in
      try await pod.running()
      for name in ["second", "third"] {
        var task = TaskDescription.plain(id: name, executor: "")
        task.executorID = pod.run.executorID
        task.environment = ["NAME": name]
        pod.agent.send(task)
        try await pod.agent.update("TASK_RUNNING", of: name)
      }
      #expect(try await pod.containers().count == 3)
      try pod.write("first")
      #expect(try await pod.ended().state == "TASK_FINISHED")
      pod.agent.kill("second")
      #expect(try await pod.agent.end(of: "second").state == "TASK_KILLED")
      #expect(try await pod.containers().count == 1 && !pod.run.isGone)
      try pod.write("third")
      #expect(try await pod.agent.end(of: "third").state == "TASK_FINISHED")
      #expect(try await pod.exited() == .exited(0))
    }
  }
}
