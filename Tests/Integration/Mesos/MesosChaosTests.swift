import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("A task under an agent that misbehaves", .needsEngine, .throttled)
struct MesosChaosTests {
  /// A misbehavior of an agent, and the task's states in spite of it.
  struct Case: Sendable, CustomTestStringConvertible {
    let behavior: Misbehavior
    var states = ["TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_KILLED"]
    var testDescription: String { "\(behavior)" }
  }

  static let cases =
    [
      .subscribedRun(""), .subscribedRun("/"), .subscribedRun(".."),
      .subscribedWithout("executor_info"), .subscribedWithout("framework_info"),
      .subscribedWithout("agent_info"), .subscribedWithout("container_id"), .latin1Label,
      .noRecoveryTime, .unreadableKillPolicy, .refusal(of: "SUBSCRIBE", status: 503, times: 2),
      .refusal(of: "SUBSCRIBE", status: 404, times: 1),
      .refusal(of: "SUBSCRIBE", status: 307, times: 1),
      .refusal(of: "UPDATE", status: 401, times: 1), .refusal(of: "UPDATE", status: 403, times: 1),
      .refusal(of: "UPDATE", status: 503, times: 3), .emptyRecords(10),
    ].map { Case(behavior: $0) }
    + [Case(behavior: .unreadableTask, states: ["TASK_ERROR"])]

  @Test("runs and stops as with a correct agent", arguments: cases)
  func lives(_ item: Case) async throws {
    let host = try #require(MesosHost.linux.first)
    var settings = MesosSettings()
    settings.agent = { $0.faults = Faults(item.behavior) }
    try await withMesosPod(on: host, obedient, settings) { pod in
      if item.states.count > 1 {
        try await pod.running()
        pod.kill()
      }
      try await pod.ended()
      // Without the framework's capabilities, an executor doesn't use the newer state.
      let isSignaled = item.behavior != .subscribedWithout("framework_info")
      #expect(pod.states == item.states.filter { isSignaled || $0 != "TASK_KILLING" })
      #expect(try await pod.exited() == .exited(0))
    }
  }

  /// A service that soon exits by itself.
  private static let quick = """
    services:
      web:
        image: pod-test/busybox
        command: [sh, -c, 'sleep 0.3']
    """

  private func send(_ id: String, file: String, to pod: MesosPod) {
    var task = TaskDescription(id: id, command: "true", executorID: pod.task)
    task.labels = [("fileName", file)]
    pod.agent.send(task.taskInfo(agentID: pod.agent.options.agentID), to: pod.task)
  }

  /// CHAOS_SECONDS (5) is the duration.
  @Test("keeps the order of updates, has one terminal update, and leaves no object")
  func chaos() async throws {
    let host = try #require(MesosHost.linux.first)
    let seconds = ProcessInfo.processInfo.environment["CHAOS_SECONDS"].flatMap { Int($0) } ?? 5
    var random = SeededGenerator(for: "an agent's chaos")
    var settings = MesosSettings()
    settings.files["quick.yaml"] = Self.quick
    try await withMesosPod(on: host, obedient, settings) { pod in
      try await pod.running()
      pod.agent.inject(.chaos(seed: random.seed))
      let start = ContinuousClock.now
      var next = start
      var tasks: [String] = []
      while .now - start < .seconds(seconds) {
        let id = "\(pod.task)-\(tasks.count)"
        send(id, file: tasks.count % 4 == 3 ? "quick.yaml" : "missing.yaml", to: pod)
        tasks.append(id)
        if Int.random(in: 0..<3, using: &random) == 0, let one = tasks.randomElement(using: &random)
        {
          pod.agent.kill(one)
        }
        if Int.random(in: 0..<10, using: &random) == 0 { pod.agent.breakStream(of: pod.task) }
        next += .milliseconds(Int.random(in: 20...400, using: &random))
        try await eventually("the next moment") { .now >= next }
      }
      let count = pod.agent.faultCount
      pod.agent.inject(.none)
      tasks.append(pod.task)
      func open() -> [String] {
        tasks.filter { !pod.agent.updates(of: $0).contains(where: \.isTerminal) }
      }
      // A KILL can have been lost with its stream, or have arrived before its LAUNCH.
      var nextKill = ContinuousClock.now
      try await eventually("the end of \(tasks.count) tasks", within: .seconds(180)) {
        let open = open()
        if open.isEmpty { return true }
        if nextKill <= .now, pod.agent.isSubscribed(pod.task) {
          for id in open { pod.agent.kill(id) }
          nextKill = .now + .seconds(3)
        }
        return false
      }
      #expect(try await pod.exited() == .exited(0), "seed \(random.seed)")
      for id in tasks {
        let updates = pod.agent.updates(of: id)
        #expect(updates.filter(\.isTerminal).count == 1, "seed \(random.seed): \(updates)")
      }
      let states = Dictionary(grouping: pod.agent.updates, by: \.uuid).mapValues {
        Set($0.map(\.state)).count
      }
      #expect(states.values.allSatisfy { $0 == 1 }, "seed \(random.seed)")
      #expect(count > 0, "seed \(random.seed): \(count) faults")
      print(
        "chaos: \(seconds) s, \(count) faults, \(tasks.count) tasks, \(pod.agent.updates.count) updates, "
          + "TEST_SEED=\(random.seed)")
    }
  }
}
