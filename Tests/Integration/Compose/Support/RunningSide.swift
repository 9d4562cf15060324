import AgentStandIn
import Foundation
import OrderedCollections
import TestSupport
import YAML

@testable import Compose

/// The result of a project on one side.
struct RunningSide: Sendable {
  let project: String
  let directory: String
  /// The objects while it ran; none for a project that stops by itself.
  var objects = CreatedObjects()
  /// The containers' lines by service and number, standard output and standard error.
  var lines: [String: [[String]]] = [:]
  /// The containers' starts and exits, for a project whose events are compared.
  var events: [Event] = []

  /// The side.
  enum Who: Sendable { case ours, theirs }

  /// A container's start or exit.
  struct Event: Sendable, Equatable, CustomStringConvertible {
    /// Service and number.
    let name: String
    /// `start`, or `exit` and its code.
    let what: String
    var description: String { "\(name) \(what)" }
  }

  /// Starts a project, waits until every container has printed its view, inspects all of them, and
  /// removes the project.
  static func of(_ project: RunningProject, _ who: Who, on engine: TestEngine) async throws
    -> RunningSide
  {
    try await withTemporaryDirectory { directory in
      for (path, text) in project.files { try directory.write(path, text) }
      let site = try RunningSite(project, who, in: directory, on: engine)
      do {
        var side = try await site.inspect()
        try await site.stop()
        if project.ends || project.isOrdered { side.events = try await site.events() }
        return side
      } catch {
        try? await site.stop()
        throw error
      }
    }
  }
}

/// A running side.
private struct RunningSite: Sendable {
  let project: RunningProject
  let who: RunningSide.Who
  let name: String
  let directory: TemporaryDirectory
  let engine: TestEngine
  let process: RunningCommand
  /// The expected number of containers, by service.
  let expected: [String: Int]
  /// The services whose containers restart.
  let restarting: Set<String>
  /// The prefix that Compose writes before the lines of a container whose name is in the file, by
  /// service.
  let titles: [String: String]
  /// The engine's events, recorded because the engine keeps only the last ones; for projects whose
  /// events are compared.
  private let record: RunningCommand?

  init(
    _ project: RunningProject, _ who: RunningSide.Who, in directory: TemporaryDirectory,
    on engine: TestEngine
  ) throws {
    self.project = project
    self.who = who
    self.directory = directory
    self.engine = engine
    let run = UUID().uuidString.lowercased()
    name = "parity-\(run.prefix(8))"
    var counts: [String: Int] = [:]
    var restarting: Set<String> = []
    var titles: [String: String] = [:]
    for (name, service) in try project.loaded().services {
      titles[name] = service.containerName?.value
      counts[name] = service.scale?.value ?? 1
      if service.restart != .no { restarting.insert(name) }
    }
    expected = counts
    self.restarting = restarting
    self.titles = titles
    let isPlain = !project.ends && !project.isOrdered
    let command =
      who == .ours
      ? Command(
        BuiltProgram.composeExecutor,
        ["run", "--run-id", run, "--task-id", name] + (isPlain ? ["--grace", "0s"] : [])
          + project.options,
        environment: ["DOCKER_HOST": engine.dockerHost, "HOME": directory.path]
          .merging(project.environment) { $1 }, directory: directory.path)
      : Oracle5.cli(
        name, engine,
        ["--progress", "quiet"] + project.options + ["up", "--no-color"]
          + (project.ends ? ["--abort-on-container-failure"] : []),
        directory: directory.path, environment: project.environment)
    let label = who == .ours ? "mesos.task_id" : "com.docker.compose.project"
    record =
      isPlain
      ? nil
      : try engine.docker(
        "events", "--since", "\(Int(Date().timeIntervalSince1970))", "--filter", "type=container",
        "--filter", "label=\(label)=\(name)", "--format", "{{json .}}"
      ).start()
    process = try command.start()
  }

  /// Waits until all output is complete, and inspects the objects.
  func inspect() async throws -> RunningSide {
    if project.ends {
      try await process.exit(within: .seconds(300))
      _ = try await process.result()
      let events = try await events()
      var side = RunningSide(project: name, directory: directory.path)
      for key in Set(events.map(\.name)) { side.lines[key] = lines(below: key, nil) }
      return side
    }
    var still: [String] = []
    do {
      try await showAll(&still)
    } catch let error as DeadlinePassed {
      throw RunningEnded(project, who, process, "\(error): \(still.joined(separator: " "))")
    }
    let projectName = try await projectName()
    var side = RunningSide(project: projectName, directory: directory.path)
    side.objects = try await CreatedObjects(project: projectName, on: engine)
    for (key, container) in side.objects.containers {
      let own = (container["Name"]?.string ?? "").dropFirst()
      let prefix = "\(projectName)-"
      side.lines[key] = lines(
        below: key, own.hasPrefix(prefix) ? String(own.dropFirst(prefix.count)) : "\(own)")
    }
    return side
  }

  /// Waits until every container has printed its view, has exited, or prints nothing.
  private func showAll(_ still: inout [String]) async throws {
    try await eventually("what the containers see", within: .seconds(300)) {
      if process.status != nil { throw RunningEnded(project, who, process, "ended") }
      still = waiting
      guard !still.isEmpty else { return true }
      // Checking whether a silent container has exited costs a request to the engine.
      return try await still.count > 8 ? false : areQuiet(still)
    }
  }

  func stop() async throws {
    if who == .ours {
      process.send(SIGTERM)
      try await process.exit(within: .seconds(300))
    } else {
      process.send(SIGKILL)
      let now = project.isOrdered ? [] : ["-t", "0"]
      let down = Oracle5.cli(
        name, engine, project.options + ["down", "-v"] + now, directory: directory.path,
        environment: project.environment)
      // On a busy machine the engine releases a network late.
      try await eventually("the end of \(project)", within: .seconds(240)) {
        try await down.run(within: .seconds(300)).status.isSuccess
      }
    }
  }

  /// The services with containers that haven't printed everything yet.
  private var waiting: [String] {
    var done: [String: Int] = [:]
    for line in process.lines() where line.hasSuffix("| probe: done") {
      done[line.prefix { $0 != " " }.description, default: 0] += 1
    }
    return expected.filter { name, count in
      let seen = (1...max(1, count)).reduce(0) { sum, number in
        sum + (done["\(name)-\(number)"] ?? 0)
      }
      let titled = titles[name].map { done[$0] ?? 0 } ?? 0
      return (done[name] ?? 0) + seen + titled < count
    }.keys.sorted()
  }

  /// Whether the containers of some services have exited, or run without being shown.
  private func areQuiet(_ services: [String]) async throws -> Bool {
    let states = try await states()
    return services.allSatisfy { name in
      let isAsked = project.silent.contains(name) ? "running" : "exited"
      return !restarting.subtracting(project.silent).contains(name)
        && states[name]?.count == expected[name]
        && states[name]?.allSatisfy { $0 == isAsked } == true
    }
  }

  private func states() async throws -> [String: [String]] {
    let list = try await engine.docker(
      "ps", "-a", "--filter", "label=com.docker.compose.project=\(try await projectName())",
      "--format", "{{.Label \"com.docker.compose.service\"}} {{.State}}"
    ).output()
    return Dictionary(
      grouping: list.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    ) { $0[0] }.mapValues { $0.map { $0[1] } }
  }

  private func projectName() async throws -> String {
    guard who == .ours else { return name }
    return try await engine.docker(
      "ps", "-a", "--filter", "label=mesos.task_id=\(name)", "--format",
      "{{.Label \"com.docker.compose.project\"}}"
    ).output().split(separator: "\n").first.map(String.init) ?? ""
  }

  /// The output of a container; Compose writes its own name for each before the lines.
  private func lines(below key: String, _ own: String?) -> [[String]] {
    let hyphened = key.replacing("/", with: "-")
    let ours = key.hasSuffix("/1") && expected[String(key.dropLast(2))] == 1
    let prefix = who == .theirs ? own ?? hyphened : ours ? String(key.dropLast(2)) : hyphened
    return [process.lines(.stdout), process.lines(.stderr)].map { lines in
      lines.filter { $0.hasPrefix(prefix + " ") && $0.contains("| ") }.map { line in
        String(line.drop { $0 != "|" }.dropFirst(2))
      }
    }
  }

  /// The starts and exits of a project whose containers have all exited.
  func events() async throws -> [RunningSide.Event] {
    try await eventually("an exit for each start of \(project)", within: .seconds(180)) {
      let events = try eventsSoFar
      let starts = events.filter { $0.what == "start" }.count
      return starts > 0 && starts * 2 == events.count ? events : nil
    }
  }

  private var eventsSoFar: [RunningSide.Event] {
    get throws {
      try (record?.lines() ?? []).compactMap { line in
        let event = try JSON(parsing: Array(line.utf8))
        let labels = event["Actor"]?["Attributes"]
        guard let action = event["Action"]?.string, action == "start" || action == "die",
          let service = labels?["com.docker.compose.service"]?.string, service != "keeper"
        else { return nil }
        let number = labels?["com.docker.compose.container-number"]?.string ?? ""
        return RunningSide.Event(
          name: "\(service)/\(number)",
          what: action == "start" ? action : "exit \(labels?["exitCode"]?.string ?? "")")
      }
    }
  }
}

/// A side that exited before it printed anything.
struct RunningEnded: Error, CustomStringConvertible {
  let description: String

  init(
    _ project: RunningProject, _ who: RunningSide.Who, _ process: RunningCommand, _ what: String
  ) {
    let text = (process.lines() + process.lines(.stderr)).filter { !$0.contains(" | ") }
    let lines = text.filter { !$0.hasPrefix("Attaching") }.suffix(12).joined(separator: "\n")
    description = "\(who) \(what): \(lines)\n\(project)"
  }
}
