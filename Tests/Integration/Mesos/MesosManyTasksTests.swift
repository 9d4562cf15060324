import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("An executor with many tasks", .needsEngine, .throttled)
struct MesosManyTasksTests {
  /// Sends another task to the executor of a pod.
  private func send(_ id: String, file: String, to pod: MesosPod) {
    var task = TaskDescription(id: id, command: "true", executorID: pod.task)
    task.labels = [("fileName", file)]
    pod.agent.send(task.taskInfo(agentID: pod.agent.options.agentID), to: pod.task)
  }

  private func resident(_ pid: pid_t) throws -> Int {
    let text = try String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)
    return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
  }

  /// MANY_TASKS (1,000) tasks that fail at once, while one runs.
  @Test("discards each after the acknowledgement of its terminal update")
  func forgotten() async throws {
    let host = try #require(MesosHost.linux.first)
    let count = ProcessInfo.processInfo.environment["MANY_TASKS"].flatMap { Int($0) } ?? 1000
    try await withMesosPod(on: host, obedient) { pod in
      try await pod.running()
      func fail(_ numbers: Range<Int>) async throws {
        for number in numbers { send("\(pod.task)-\(number)", file: "missing.yaml", to: pod) }
        for number in numbers {
          let id = "\(pod.task)-\(number)"
          let end = try await pod.agent.end(of: id, within: .seconds(300))
          #expect(end.state == "TASK_FAILED" && end.message?.contains("missing.yaml") == true)
        }
      }
      for number in 0..<10 { try await fail(number * 10..<number * 10 + 10) }
      let before = try resident(pod.run.pid)
      for number in 10..<count / 10 { try await fail(number * 10..<number * 10 + 10) }
      let growth = try resident(pod.run.pid) - before
      print(
        "\(count) tasks: \(before >> 10) kB resident after 100, \(growth >> 10) kB more at the end")
      // Without the discarding, each task used 18.5 kB.
      #expect(growth < 4 << 20 + count * 1000)
      pod.kill()
      #expect(try await pod.ended().state == "TASK_KILLED")
      #expect(try await pod.exited() == .exited(0))
    }
  }

  @Test("handles a KILL during the loading of another task's big file, and that task's KILL")
  func loading() async throws {
    let host = try #require(MesosHost.linux.first)
    var settings = MesosSettings()
    let services = (0..<40_000).map { "  s\($0): {image: founding/base, ports: [80, 81]}\n" }
    settings.files["big.yaml"] = "services:\n" + services.joined()
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.running()
      let big = "\(pod.task)-big"
      send(big, file: "big.yaml", to: pod)
      try await pod.agent.update("TASK_STARTING", of: big)
      pod.kill()
      #expect(try await pod.ended().state == "TASK_KILLED")
      #expect(pod.agent.updates(of: big).map(\.state) == ["TASK_STARTING"])
      pod.agent.kill(big)
      #expect(try await pod.agent.end(of: big, within: .seconds(180)).state == "TASK_KILLED")
      #expect(try await pod.exited() == .exited(0))
    }
  }

  @Test("exits if its only task can't be decoded", arguments: MesosHost.linux)
  func unreadable(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.task = { $0.extra["discovery"] = 7 }
    try await withMesosPod(on: host, obedient, settings) { pod in
      let end = try await pod.ended()
      #expect(end.state == "TASK_ERROR")
      #expect(try await pod.exited() == .exited(0))
    }
  }

  @Test(
    "exits with 0 on a shutdown, whatever the agent does then and however short its grace",
    arguments: MesosHost.linux, [.zero, .seconds(1), .seconds(5)] as [Duration])
  func shutDown(on host: MesosHost, grace: Duration) async throws {
    var settings = MesosSettings()
    settings.agent = {
      $0.checkpoint = false
      $0.executorShutdownGracePeriod = grace
    }
    settings.task = { $0.shutdownGrace = grace }
    settings.leavesContainers = true
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.running()
      pod.agent.shutdown(executor: pod.task)
      if grace > .zero {
        try await eventually("the shutdown") { pod.run.text("stderr").contains("shut down by") }
      }
      pod.agent.breakStream(of: pod.task)
      let status = try await pod.exited()
      // Without any grace, the agent's own SIGKILL can come first.
      #expect(status == .exited(0) || grace == .zero && status == .signaled(9), "\(status)")
      let left = try await pod.containers()
      let text = pod.run.text("stderr")
      let isNamed =
        text.contains("pod-reaper removes the rest of task") || text.contains("not removed: ")
      #expect(left.isEmpty || status != .exited(0) || isNamed, "\(text)")
    }
  }

  /// src/launcher/default_executor.cpp, `disconnected` and `subscribed`.
  @Test("pauses checks while the agent is unavailable", arguments: MesosHost.linux)
  func pausedChecks(on host: MesosHost) async throws {
    var check = TaskDescription.mesosCommandCheck("echo look >> looks; test ! -e sick")
    check["delay_seconds"] = 0.0
    check["interval_seconds"] = 0.1
    check["consecutive_failures"] = 1
    var settings = MesosSettings()
    settings.task = { [check] in
      $0.healthCheck = check
      $0.labels.append(("pod.check_service", "/sandbox"))
    }
    try await withMesosPod(on: host, obedient, settings) { pod in
      func looks() -> Int { pod.run.text("looks").split(separator: "\n").count }
      try await pod.agent.update("TASK_RUNNING", of: pod.task) { $0.healthy == true }
      pod.agent.crash()
      // It detects the loss and starts no more checks; the last one can be in progress.
      try await eventually("the pause") { pod.run.text("stderr").contains("not subscribed") }
      let before = looks()
      let begin = ContinuousClock.now
      try await eventually("twenty intervals") { .now - begin > .seconds(2) }
      #expect(looks() <= before + 1)
      try pod.agent.restart()
      try pod.write("sick")
      #expect(try await pod.ended().state == "TASK_FAILED")
      let last = pod.agent.updates(of: pod.task).last
      #expect(last?.healthy == false)
    }
  }
}
