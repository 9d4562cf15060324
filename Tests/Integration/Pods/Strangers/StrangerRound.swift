import Foundation
import Reaping
import Testing
import TestSupport

/// One round on one engine: runs the pod and the stranger's operations, and checks the result.
struct StrangerRound: Sendable {
  let world: StrangerWorld
  let round: StrangerCase
  /// Different for each round.
  let mark: String
  let baseImages: [String: String]

  /// The time that a pod may take to come to rest after the last operation, and to stop after TERM.
  private static let limit = Duration.seconds(60)

  /// The result of a round.
  struct Report: Sendable {
    var complaints: [String] = []
    var events: [StrangerEvent] = []
    var outcome: StrangerOutcome?
    var excuses: [StrangerModel.Excuse] = []
    var stdout: [String] = []
    var stderr: [String] = []
    var milliseconds = 0
  }

  func run() async throws -> Report {
    try await world.restoreImages(baseImages)
    let image = try await world.makeImage(round.pod.image, mark: mark)
    let before = try await world.belongings(images: baseImages)
    let report = try await withTemporaryDirectory { sandbox in
      try sandbox.write("compose.yaml", round.pod.yaml(image: image))
      try sandbox.write("marks/.keep", "")
      let pod = try start(in: sandbox)
      defer { pod.send(SIGKILL) }
      return try await live(pod, image, before)
    }
    try await world.removeCopies()
    _ = try await world.engine.docker("rmi", "-f", image, "stranger-tag:\(mark)").run()
    return report
  }

  private func start(in sandbox: TemporaryDirectory) throws -> RunningPod {
    let run = UUID().uuidString.lowercased()
    let task = "it-\(mark)-\(run.prefix(4))"
    let command = Command(
      BuiltProgram.composeExecutor,
      [
        "run", "--run-id", run, "--task-id", task, "-f", "compose.yaml", "--grace", "2s",
        "--launch-timeout", "90s", "--engine-timeout", "60s",
      ] + round.pod.options,
      environment: ["DOCKER_HOST": world.engine.dockerHost], directory: sandbox.path)
    return RunningPod(
      engine: world.engine, executor: try command.start(), sandbox: sandbox, run: run, task: task)
  }

  private func live(
    _ pod: RunningPod, _ image: String, _ belongings: [String]
  ) async throws -> Report {
    let start = ContinuousClock.now
    var report = Report()
    let hand = StrangerHand(world: world, pod: pod, image: image, mark: mark, start: start)
    async let signal: Void = send(to: pod, from: start)
    for step in round.steps {
      try await eventually("the moment") { .now - start >= .milliseconds(step.milliseconds) }
      report.events.append(try await hand.perform(step.operation))
    }
    try await signal
    report.complaints += try await end(pod)
    let end = PodEnd(soFar: pod)
    (report.stdout, report.stderr) = (end.stdout, end.stderr)
    let model = StrangerModel(
      pod: round.pod, end: round.end, events: report.events, image: image)
    let outcome = StrangerOutcome(
      state: end.states.last, status: end.status, message: end.message, marks: marks(in: pod))
    report.outcome = outcome
    report.excuses = model.excuses
    if let complaint = model.complaint(about: outcome) { report.complaints.append(complaint) }
    report.complaints += try await leftovers(of: pod, outcome)
    report.complaints += try await harm(to: belongings, report.events)
    report.milliseconds = hand.elapsed
    return report
  }

  private func send(to pod: RunningPod, from start: ContinuousClock.Instant) async throws {
    let (signal, time): (Int32, Int)
    switch round.end {
    case .settled: return
    case .term(let milliseconds): (signal, time) = (SIGTERM, milliseconds)
    case .kill(let milliseconds): (signal, time) = (SIGKILL, milliseconds)
    }
    try await eventually("the moment") { .now - start >= .milliseconds(time) }
    pod.send(signal)
  }

  /// Waits for the executor's exit.
  private func end(_ pod: RunningPod) async throws -> [String] {
    var complaints: [String] = []
    if case .settled = round.end {
      var last = "it is not running"
      do {
        try await eventually("rest", within: Self.limit) {
          last = try await unrest(of: pod) ?? ""
          return last.isEmpty
        }
      } catch is DeadlinePassed {
        complaints.append("after \(Self.limit) \(last)")
      }
      if !round.pod.endsByItself || !complaints.isEmpty { pod.send(SIGTERM) }
    }
    do {
      _ = try await pod.executor.result(within: Self.limit)
    } catch is DeadlinePassed {
      complaints.append("the executor did not end within \(Self.limit)")
      pod.send(SIGKILL)
      try await pod.executor.exit(within: .seconds(300))
    }
    return complaints
  }

  /// Why the pod has not come to rest; nil if it has, or has stopped.
  private func unrest(of pod: RunningPod) async throws -> String? {
    if pod.executor.status != nil { return nil }
    if round.pod.endsByItself { return "it has not ended" }
    let states = pod.executor.lines().compactMap { RunningPod.state(in: $0)?.name }
    guard states.contains("TASK_RUNNING") else { return "there is no TASK_RUNNING" }
    let text = try await world.engine.docker(
      "ps", "--filter", "label=mesos.container_id=\(pod.run)", "--filter", "status=running",
      "--format", "{{.Names}} {{.Label \"com.docker.compose.service\"}}"
    ).output()
    let running = text.split(separator: "\n").filter { !$0.hasPrefix(StrangerWorld.prefix) }
    for service in round.pod.services where service.isSteady {
      let count = running.filter { $0.hasSuffix(" \(service.name)") }.count
      if count != service.replicas {
        return "\(count) of \(service.replicas) containers of '\(service.name)' run"
      }
    }
    return nil
  }

  private func marks(in pod: RunningPod) -> [String: Int] {
    var marks: [String: Int] = [:]
    for service in round.pod.services {
      let text = try? String(
        contentsOfFile: pod.sandbox.path("marks/\(service.name)"), encoding: .utf8)
      marks[service.name] = text?.split(separator: "\n").count ?? 0
    }
    return marks
  }

  /// The remaining objects, after the reaper if the executor could not remove them.
  private func leftovers(of pod: RunningPod, _ outcome: StrangerOutcome) async throws -> [String] {
    func left() async throws -> [String] {
      let objects = try await EngineInventory.of(world.engine).objects
      return try objects.sorted() + Hierarchy.directories(of: "/compose-pods/\(pod.run)")
    }
    var complaints: [String] = []
    let isReapers =
      outcome.status == .signaled(9) || outcome.message.contains("not removed: ")
    var rest = try await left()
    if isReapers {
      complaints += try await reap(pod, left: left)
      rest = try await left()
    }
    if !rest.isEmpty {
      complaints.append("left: \(rest.joined(separator: ", "))")
      try await EngineInventory.of(world.engine).remove(from: world.engine)
      for directory in rest where directory.hasPrefix("/") { Self.clear(directory) }
    }
    return complaints
  }

  /// Kills the processes that an engine has lost in a pod's own cgroup, and removes the cgroup.
  private static func clear(_ directory: String) {
    for name in FileManager.default.enumerator(atPath: directory)?.allObjects ?? [] {
      guard let name = name as? String, name.hasSuffix("cgroup.procs") else { continue }
      let text = (try? String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)) ?? ""
      for pid in text.split(separator: "\n").compactMap({ pid_t($0) }) { kill(pid, SIGKILL) }
    }
    Hierarchy.remove(directory)
  }

  private func reap(
    _ pod: RunningPod, left: () async throws -> [String]
  ) async throws -> [String] {
    try await withTemporaryDirectory { directory in
      let root = "reaper-test-\(mark)"
      let site = ReaperSite(engine: world.engine, directory: directory, root: root)
      var more: [String] = []
      var last = ""
      do {
        // An executor that is killed after removing its last object and before removing its cgroup
        // leaves a directory that only the cgroup root shows.
        try await eventually("nothing left", within: .seconds(300)) {
          let end = try await site.once(more)
          last = end.description
          more = ["--cgroup-roots", "compose-pods", "--grace", "1s"]
          return try await left().isEmpty
        }
        return []
      } catch is DeadlinePassed {
        return ["the reaper does not remove everything: \(last)"]
      }
    }
  }

  /// Changes to objects that don't belong to the pod.
  private func harm(to belongings: [String], _ events: [StrangerEvent]) async throws -> [String] {
    let after = try await world.belongings(images: baseImages)
    var complaints: [String] = []
    if after != belongings {
      complaints.append("the stranger had \(belongings), now \(after)")
    }
    var expected: Set<String> = [StrangerWorld.container, "\(StrangerWorld.container)-1"]
    for event in events where event.succeeded {
      guard case .commitAndRun = event.operation else { continue }
      let id = event.output.split(separator: "\n").first.map(String.init) ?? ""
      let name = try await world.engine.docker("inspect", "-f", "{{.Name}}", id).run().stdout
      let copy = name.split(whereSeparator: \.isWhitespace).first?.dropFirst()
      expected.insert(copy.map(String.init) ?? "a copy, container \(id)")
    }
    do {
      try await eventually("the stranger's containers", within: .seconds(300)) {
        try await world.running().isSuperset(of: expected)
      }
    } catch is DeadlinePassed {
      let missing = expected.subtracting(try await world.running())
      complaints.append("a stranger's container does not run: \(missing.sorted())")
    }
    return complaints
  }
}
