import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("A task that an operator on its host stops", .needsEngine, .throttled)
struct MesosControlTests {
  private let words = "stopped by user 0 of its host"

  private func command(_ pod: MesosPod, _ arguments: String...) -> Command {
    let line = pod.engine.enter([BuiltProgram.composeExecutor] + arguments)
    return Command(
      line[0], Array(line.dropFirst()), environment: ["DOCKER_HOST": pod.engine.dockerHost])
  }

  private func sockets(of pod: MesosPod) -> [String] {
    let names = try? FileManager.default.contentsOfDirectory(
      atPath: "/run/compose-executor/control")
    return (names ?? []).filter { $0.hasPrefix(pod.run.id) }
  }

  @Test("is killed for its framework, and leaves no object", arguments: MesosHost.linux)
  func stop(on host: MesosHost) async throws {
    try await withMesosPod(on: host, obedient) { pod in
      try await pod.running()
      #expect(sockets(of: pod).count == 1)
      let result = try await command(pod, "stop", pod.task).run()
      #expect(result.status == .exited(0) && result.stderr.isEmpty, "\(result)")
      #expect(try await pod.containers().isEmpty)
      #expect(sockets(of: pod).isEmpty)
      let end = try await pod.ended()
      #expect(end.state == "TASK_KILLED" && end.source == "SOURCE_EXECUTOR")
      #expect(end.message == words)
      #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_KILLED"])
      #expect(try await pod.exited() == .exited(0))
    }
  }

  @Test("during a pull has the pull canceled", arguments: MesosHost.linux)
  func duringPull(on host: MesosHost) async throws {
    let registry = try FalseRegistry(.stalls)
    let file = "services:\n  late:\n    image: \(registry.image("late:1"))\n"
    try await withMesosPod(on: host, file) { pod in
      try await eventually("a request to the registry", within: .seconds(300)) {
        registry.requests > 0
      }
      // There is no object that identifies it yet.
      let result = try await command(pod, "stop", String(pod.run.id.prefix(20))).run()
      #expect(result.status == .exited(0), "\(result)")
      try await pod.ended()
      #expect(pod.states == ["TASK_STARTING", "TASK_KILLING", "TASK_KILLED"])
    }
    withExtendedLifetime(registry) {}
  }

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
      let result = try await command(pod, "stop", pod.task).run()
      #expect(result.status == .exited(0), "\(result)")
      #expect(try await pod.containers().isEmpty)
      #expect(try await pod.ended().state == "TASK_KILLED")
    }
  }

  @Test("twice at once uses the shorter of the two graces", arguments: MesosHost.linux)
  func twice(on host: MesosHost) async throws {
    let file = stubborn + "\n    stop_grace_period: 10m\n"
    try await withMesosPod(on: host, file) { pod in
      try await pod.running()
      pod.kill()
      try await pod.agent.update("TASK_KILLING", of: pod.task, within: .seconds(300))
      async let first = command(pod, "stop", pod.task, "--grace", "5m").run()
      async let second = command(pod, "stop", pod.task, "--grace", "10s").run()
      let results = try await [first, second]
      #expect(results.allSatisfy { $0.status == .exited(0) }, "\(results)")
      // The first cause is reported.
      #expect(try await pod.ended().message == "killed by the framework")
    }
  }

  @Test("and whose executor is killed meanwhile is left to the reaper", arguments: MesosHost.linux)
  func killed(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.leavesContainers = true
    // A reaper of another test would remove the pod, which has no executor anymore.
    try await withReaperSite(on: host.engine) { _ in
      try await withMesosPod(on: host, stubborn, settings) { pod in
        try await pod.running()
        let stop = try command(pod, "stop", pod.task, "--grace", "5m").start()
        try await pod.agent.update("TASK_KILLING", of: pod.task, within: .seconds(300))
        pod.run.send(SIGKILL)
        let result = try await stop.result()
        #expect(result.status == .exited(1))
        let words = "its executor is gone, and pod-reaper removes the pod"
        #expect(result.stderr == "compose-executor: \(pod.task): \(words)\n")
        let task = pod.task
        for arguments in [["stop", task], ["restart", task, "web"], ["events", task]] {
          var later = command(pod)
          later.arguments += arguments
          let result = try await later.run()
          #expect(result.status == .exited(1) && result.stderr.contains(words), "\(result)")
        }
      }
    }
  }

  @Test("can't be stopped if its executor has no control socket", arguments: MesosHost.ordinary)
  func ordinary(on host: MesosHost) async throws {
    try await withMesosPod(on: host, obedient) { pod in
      try await pod.running()
      let result = try await command(pod, "stop", pod.task).run()
      #expect(result.status == .exited(1))
      #expect(result.stderr.contains("its executor has no control socket"))
    }
  }

  @Test("continues while one of its services is restarted", arguments: MesosHost.linux)
  func restart(on host: MesosHost) async throws {
    try await withMesosPod(on: host, obedient) { pod in
      try await pod.running()
      let before = try await pod.containers()
      let result = try await command(pod, "restart", pod.task, "web").run()
      #expect(result.status == .exited(0), "\(result)")
      #expect(try await pod.containers() == before)
      #expect(pod.states == ["TASK_STARTING", "TASK_RUNNING"])
      try pod.write("stop", "0")
      #expect(try await pod.ended().state == "TASK_FINISHED")
    }
  }
}
