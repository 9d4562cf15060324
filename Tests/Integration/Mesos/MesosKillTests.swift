import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("A task that the framework kills", .needsEngine, .throttled)
struct MesosKillTests {
  /// src/slave/slave.cpp, `Slave::kill` and, for the SHUTDOWN, `Slave::subscribe` (MESOS-8411).
  @Test("before its executor has subscribed never starts", arguments: MesosHost.linux)
  func beforeSubscription(on host: MesosHost) async throws {
    try await withMesosPod(on: host, obedient) { pod in
      pod.kill()
      let end = try await pod.ended()
      #expect(end.state == "TASK_KILLED" && end.source == "SOURCE_AGENT")
      // Without a task the agent shuts it down.
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// docs/executor-http-api.md, "KILL".
  @Test("at the moment of its launch is killed", arguments: MesosHost.both)
  func beforeLaunch(on host: MesosHost) async throws {
    try await withMesosPod(on: host, obedient) { pod in
      try await eventually("LAUNCH", within: .seconds(180)) {
        pod.agent.events.contains { $0["type"] == "LAUNCH" }
      }
      pod.kill()
      #expect(try await pod.ended().source == "SOURCE_EXECUTOR")
      #expect(pod.states == ["TASK_STARTING", "TASK_KILLING", "TASK_KILLED"])
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// docs/executor-http-api.md, "KILL".
  @Test("during a pull has the pull canceled", arguments: MesosHost.both)
  func duringPull(on host: MesosHost) async throws {
    let registry = try FalseRegistry(.stalls)
    let file = "services:\n  late:\n    image: \(registry.image("late:1"))\n"
    try await withMesosPod(on: host, file) { pod in
      try await eventually("a request to the registry", within: .seconds(180)) {
        registry.requests > 0
      }
      pod.kill()
      try await pod.ended()
      #expect(pod.states == ["TASK_STARTING", "TASK_KILLING", "TASK_KILLED"])
      #expect(try await pod.exited() == .exited(0))
    }
    withExtendedLifetime(registry) {}
  }

  /// docs/executor-http-api.md, "KILL". Invariant 1: every created object can be found by its
  /// labels.
  @Test(
    "at any step of its launch leaves no object", arguments: MesosHost.linux,
    ["network create", "container create", "container start"])
  func duringLaunch(on host: MesosHost, moment: String) async throws {
    let words = moment.split(separator: " ")
    let watch = try host.engine.docker(
      "events", "--filter", "type=\(words[0])", "--filter", "event=\(words[1])", "--format",
      "{{.Type}} {{.Action}} {{.Actor.Attributes.name}}", "--since", "0s"
    ).start()
    defer { watch.send(SIGTERM) }
    let file = (1...4).reduce("services:\n") { text, number in
      text + "  s\(number):\n    image: founding/base\n"
        + (number > 1 ? "    depends_on: [s\(number - 1)]\n" : "")
    }
    try await withMesosPod(on: host, file) { pod in
      try await watch.line(containing: pod.task)
      pod.kill()
      let end = try await pod.ended()
      #expect(end.state == "TASK_KILLED" && end.message == "killed by the framework")
      #expect(pod.states.first == "TASK_STARTING" && !pod.states.contains("TASK_FAILED"))
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// include/mesos/v1/mesos.proto, KillPolicy; src/launcher/executor.cpp, `CommandExecutor::kill`.
  @Test("again has less time than before, and never more", arguments: MesosHost.both)
  func repeated(on host: MesosHost) async throws {
    try await withMesosPod(on: host, stubborn) { pod in
      try await pod.running()
      pod.kill(grace: .seconds(600))
      try await pod.agent.update("TASK_KILLING", of: pod.task)
      pod.kill(grace: .seconds(1200))
      pod.kill()
      let last = ContinuousClock.now
      pod.kill(grace: .seconds(1))
      try await pod.ended()
      #expect(.now - last >= .seconds(1))
      #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_KILLED"])
      #expect(pod.agent.updates(of: pod.task).count == 4)
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// include/mesos/v1/executor/executor.proto, `Event.Kill.kill_policy`.
  @Test("has the task's own grace if the kill has none", arguments: MesosHost.linux)
  func ownGrace(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.task = { $0.killGrace = .milliseconds(500) }
    let file = stubborn + "\n    stop_grace_period: 10m\n"
    try await withMesosPod(on: host, file, settings) { pod in
      try await pod.running()
      pod.kill()
      // The period of the file would be longer than this.
      try await pod.agent.end(of: pod.task, within: .seconds(180))
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// src/slave/slave.cpp, `Slave::_statusUpdate`: a terminal update returns the task's resources.
  /// Invariant 7: the terminal update follows the removal of the containers.
  @Test("frees its port for the next task, twenty times in a row", arguments: MesosHost.linux)
  func twenty(on host: MesosHost) async throws {
    let port = try FreePorts.take(1)
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [httpd, -f, -p, "80"]
          ports: ["80:80"]
          stop_signal: SIGKILL
      """
    for number in 0..<20 {
      var settings = MesosSettings()
      settings.task = { $0.ports = port }
      try await withMesosPod(on: host, file, settings) { pod in
        let running = try await pod.running()
        let mapping = running.containerStatus?["network_infos"]?.array?.first?["port_mappings"]
        #expect(mapping?.array?.first?["host_port"]?.integer == Int64(port[0]))
        pod.kill(grace: number.isMultiple(of: 2) ? .zero : nil)
        #expect(try await pod.ended().state == "TASK_KILLED")
        // The framework can use the port from here on: it is free.
        let socket = try ListeningSocket(address: "0.0.0.0", port: port[0])
        withExtendedLifetime(socket) {}
      }
    }
  }
}
