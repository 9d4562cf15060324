import Foundation
import TestSupport

/// One round on one engine: runs the pod, applies the actions, and collects the records of all
/// sources.
struct LifeRound: Sendable {
  let engine: TestEngine
  let round: LifeCase

  /// The result of a round.
  struct Report: Sendable {
    var history = LifeHistory()
    var complaints: [LifeComplaint] = []

    /// The number of container starts.
    var starts: Int { history.entries.filter { $0.what == .started }.count }

    /// The faults, and the history that led to them.
    var description: String {
      (complaints.map { "WRONG: \($0)" } + ["what happened:"]
        + history.entries.map(\.description) + ["TERM at \(history.terms) ms"]
        + history.intrusions.map { "someone else: \($0.service) at \($0.began)-\($0.ended) ms" }
        + history.states.map { "\($0.time) ms: \($0.name) \($0.message)" }
        + ["the executor ended at \(history.ended) ms with \(history.status)", "stderr:"]
        + history.stderr.suffix(60)).joined(separator: "\n")
    }
  }

  /// The time that a pod may take to come to rest after the last action, and to stop after TERM.
  private static let limit = Duration.seconds(30)

  func run() async throws -> Report {
    try await withTemporaryDirectory { sandbox in
      try sandbox.write("compose.yaml", round.pod.yaml)
      try sandbox.write("process", LifePod.process)
      try sandbox.write("hook", LifePod.hook)
      try sandbox.write("log", "")
      let desk = try LifeDesk(round.pod, in: sandbox)
      defer { desk.close() }
      let run = UUID().uuidString.lowercased()
      let clock = LifeClock()
      // The client receives all events since that time, however late they are.
      let events = try engine.docker(
        "events", "--since", String(format: "%.3f", clock.wall - 0.2), "--filter",
        "label=mesos.container_id=\(run)", "--format", LifeClock.format, "--filter", "event=start",
        "--filter", "event=kill", "--filter", "event=die", "--filter", "event=health_status",
        "--filter", "event=destroy"
      ).start()
      defer { events.send(SIGKILL) }
      let command = Command(
        BuiltProgram.composeExecutor,
        [
          "run", "--run-id", run, "--task-id", "life-\(run.prefix(8))", "-f", "compose.yaml",
          "--grace", "\(round.grace)ms", "--launch-timeout", "60s",
        ] + (round.pod.shared.isEmpty ? [] : ["--share", round.pod.shared]),
        environment: ["DOCKER_HOST": engine.dockerHost], directory: sandbox.path)
      let pod = RunningPod(
        engine: engine, executor: try command.start(), sandbox: sandbox, run: run,
        task: "life-\(run.prefix(8))")
      defer { pod.send(SIGKILL) }
      return try await LifeWatch(
        round: round, pod: pod, events: events, desk: desk, clock: clock, limit: Self.limit
      ).report()
    }
  }
}

/// Sends exit codes to the processes of services, through a FIFO for each: a code that no process
/// reads waits for the next start.
struct LifeDesk: Sendable {
  private let files: [String: Int32]
  private let sandbox: TemporaryDirectory

  init(_ pod: LifePod, in sandbox: TemporaryDirectory) throws {
    var files: [String: Int32] = [:]
    for service in pod.services {
      let path = sandbox.path("\(service.name).do")
      guard mkfifo(path, 0o600) == 0 else { throw CocoaError(.fileWriteUnknown) }
      files[service.name] = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    }
    self.files = files
    self.sandbox = sandbox
  }

  func send(_ code: Int, to service: String) {
    guard let file = files[service] else { return }
    let line = Array("\(code)\n".utf8)
    _ = line.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
  }

  func sicken(_ service: String) throws { try sandbox.write("\(service).sick", "") }

  func close() {
    for file in files.values { Foundation.close(file) }
  }
}

/// Applies the actions of a round and observes.
private struct LifeWatch {
  let round: LifeCase
  let pod: RunningPod
  let events: RunningCommand
  let desk: LifeDesk
  let clock: LifeClock
  let limit: Duration

  func report() async throws -> LifeRound.Report {
    var (terms, intrusions) = try await happen(from: try await begin())
    var complaints: [LifeComplaint] = []
    if terms.isEmpty {
      if let unrest = try await waitForRest(intrusions) {
        complaints.append(.init(rule: .bounds, text: unrest))
      }
      if pod.executor.status == nil {
        terms.append(clock.elapsed)
        pod.send(SIGTERM)
      }
    }
    do {
      try await eventually("the executor's end", within: limit) { pod.executor.status != nil }
    } catch is DeadlinePassed {
      complaints.append(.init(rule: .bounds, text: "the executor did not end within \(limit)"))
      pod.send(SIGKILL)
    }
    let ended = clock.elapsed
    let result = try await pod.executor.result(within: .seconds(300))
    let left = try await Leftovers.of(run: pod.run, on: pod.engine)
    if !left.isEmpty { try await left.remove(from: pod.engine) }
    try await waitForEvents()
    var history = history
    (history.terms, history.intrusions) = (terms, intrusions)
    (history.ended, history.status) = (ended, result.status)
    if !left.isEmpty { history.left = ["\(left)"] }
    complaints += LifeModel(round: round, history: history).complaints
    return LifeRound.Report(history: history, complaints: complaints)
  }

  /// The records of all sources so far.
  private var history: LifeHistory {
    var history = LifeHistory()
    history.add(events.lines().compactMap(clock.entry(ofEngine:)))
    let log = (try? String(contentsOfFile: pod.sandbox.path("log"), encoding: .utf8)) ?? ""
    history.add(log.split(separator: "\n").map(String.init).compactMap(clock.entry(ofLog:)))
    let end = PodEnd(soFar: pod)
    history.states = end.stdout.compactMap(clock.state(in:))
    history.stderr = end.stderr
    return history
  }

  /// Waits for the moment from which the times count.
  private func begin() async throws -> Int {
    guard round.beginsRunning else { return 0 }
    try await eventually("the beginning") {
      clock.elapsed > 6000 || pod.executor.status != nil
        || pod.executor.lines().contains { RunningPod.state(in: $0)?.name == "TASK_RUNNING" }
    }
    return clock.elapsed
  }

  /// Applies each action at its time, independent of the duration of others.
  private func happen(
    from start: Int
  ) async throws -> (terms: [Int], [LifeHistory.Intrusion]) {
    var terms: [Int] = []
    var intrusions: [LifeHistory.Intrusion] = []
    try await withThrowingTaskGroup(of: LifeHistory.Intrusion?.self) { group in
      for event in round.events {
        try await eventually("the moment") {
          clock.elapsed - start >= event.milliseconds || pod.executor.status != nil
        }
        if pod.executor.status != nil { break }
        switch event.action {
        case .term:
          terms.append(clock.elapsed)
          pod.send(SIGTERM)
        case .exit(let name, let code): desk.send(code, to: name)
        case .sicken(let name): try desk.sicken(name)
        case .kill(let name): group.addTask { try await intrude(name, "kill") }
        case .stop(let name): group.addTask { try await intrude(name, "stop", "-t", "1") }
        }
      }
      for try await intrusion in group.compactMap({ $0 }) { intrusions.append(intrusion) }
    }
    return (terms, intrusions)
  }

  private func intrude(_ service: String, _ words: String...) async throws -> LifeHistory.Intrusion
  {
    let docker = ["DOCKER_HOST": pod.engine.dockerHost]
    let ids = try await pod.engine.docker(
      "ps", "-q", "--filter", "label=mesos.container_id=\(pod.run)", "--filter",
      "label=com.docker.compose.service=\(service)"
    ).output().split(separator: "\n").map(String.init)
    let began = clock.elapsed
    if !ids.isEmpty {
      try await Command("docker", words + ids, environment: docker).run()
    }
    return .init(service: service, began: began, ended: clock.elapsed)
  }

  /// Waits until every service runs or has exited for good, and nothing has happened for a second.
  /// For a pod with a service that exits repeatedly, it waits a few seconds.
  ///
  /// - Returns: the reason why the pod did not come to rest; nil if it did.
  private func waitForRest(_ intrusions: [LifeHistory.Intrusion]) async throws -> String? {
    let flapping = round.pod.services.filter(\.isFlapping)
    let last = clock.elapsed
    var reason = "the pod did not come to rest"
    var (seen, since) = (-1, clock.elapsed)
    do {
      try await eventually("rest", within: limit) {
        if pod.executor.status != nil { return true }
        let count = events.lines().count
        if count != seen { (seen, since) = (count, clock.elapsed) }
        if flapping.isEmpty {
          guard clock.elapsed - since > 1000 else { return false }
        } else {
          guard clock.elapsed - last > 4000, clock.elapsed - since > 100 else { return false }
          // The check may never succeed.
          if flapping.contains(where: \.hasHealthcheck) { return true }
        }
        if let unrest = unrest(intrusions) {
          reason = unrest
          since = clock.elapsed
          return false
        }
        return true
      }
      return nil
    } catch is DeadlinePassed {
      return reason
    }
  }

  private func unrest(_ intrusions: [LifeHistory.Intrusion]) -> String? {
    var history = history
    history.intrusions = intrusions
    guard history.states.contains(where: { $0.name == "TASK_RUNNING" }) else {
      return "the pod did not come up"
    }
    let timeline = LifeTimeline(pod: round.pod, history: history)
    for service in round.pod.services where !service.isFlapping {
      let last = timeline.lives(of: service.name).last
      let isMoved = round.pod.services.contains {
        $0.isFlapping && round.pod.group(of: $0.name).contains(service.name)
      }
      if last?.fate != .runs, last?.fate != .ended, !isMoved {
        return "'\(service.name)' did not come back: \(last.map { "\($0.fate)" } ?? "no start")"
      }
    }
    let isOver = round.pod.services.allSatisfy { timeline.endedForGood($0.name) != nil }
    return isOver ? "every service has ended, but the pod has not" : nil
  }

  /// The client prints an event a moment after it happened.
  private func waitForEvents() async throws {
    func isComplete() -> Bool {
      let timeline = LifeTimeline(pod: round.pod, history: history)
      return !timeline.instances.values.joined().contains { $0.died == nil }
    }
    try? await eventually("the last events", within: .seconds(3)) { isComplete() }
  }
}
