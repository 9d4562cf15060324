import ArgumentParser
import Compose
import PodIdentity
import PodRuntime

/// Which Compose files, and how they are read.
struct FileOptions: ParsableArguments {
  @Option(
    name: [.customShort("f"), .customLong("file")],
    help: "A Compose file; several are merged left to right. Default: compose.yaml and its kin.")
  var files: [String] = []

  @Option(help: "The folder that relative paths resolve against. Default: the first file's.")
  var projectDirectory: String?

  @Option(
    name: .customLong("env"),
    help: "A variable for interpolation, K=V, or K to take it from the environment.")
  var variables: [String] = []

  /// Reads the project.
  ///
  /// - Parameters:
  ///   - name: the project's name; nil for the file's.
  ///   - confine: refuse relative paths that leave the project folder.
  ///   - ports: offered ports, which the file sees as PORT0, PORT1, … and PORTS.
  ///   - environment: this process's.
  /// - Returns: the project.
  /// - Throws: `ComposeError`.
  func project(
    name: String?, confine: Bool, ports: [Int]?, environment: [String: String]
  ) throws -> Project {
    var given: [String: String] = [:]
    for variable in variables {
      let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 {
        given[String(parts[0])] = String(parts[1])
      } else {
        given[variable] = environment[variable]
      }
    }
    var fallback = environment
    for (index, port) in (ports ?? []).enumerated() { fallback["PORT\(index)"] = String(port) }
    if let ports { fallback["PORTS"] = ports.map(String.init).joined(separator: ",") }
    return try ComposeLoader.load(
      LoadOptions(
        files: files, projectDirectory: projectDirectory, projectName: name, environment: given,
        fallbackEnvironment: fallback, confine: confine))
  }
}

/// What a task would say under Mesos. Every long option is also `COMPOSE_EXECUTOR_…` in the environment.
struct TaskOptions: ParsableArguments {
  @Option(help: "The task's ID. Default: the project's name and part of the run.")
  var taskId: String?

  @Option(help: "Offered host ports, such as 31000-31005 or 31000,31007.")
  var ports: String?

  @Option(help: "The run: Mesos' container ID. Default: a new one.")
  var runId: String?

  @Option(help: "The executor's ID. Default: the task's.")
  var executorId: String?

  @Option(help: "The framework's ID.")
  var frameworkId: String?

  @Option(help: "The agent's ID.")
  var agentId: String?

  @Option(
    help:
      "How long the whole pod may take to stop, such as 10s. Default: the longest stop_grace_period."
  )
  var grace: String?

  @Option(help: "How long the pod may take to run, pulls included. Default: 280s.")
  var launchTimeout: String?

  @Option(help: "How long the engine may be away before the pod fails. Default: 3m.")
  var engineTimeout: String?

  @Option(help: "How long removing the pod may take. Default: 2m.")
  var cleanupTimeout: String?

  /// The offered ports; nil where none were named.
  ///
  /// - Throws: `ValidationError` for text that names no ports.
  func offeredPorts(_ environment: [String: String]) throws -> [Int]? {
    guard let text = ports ?? environment["COMPOSE_EXECUTOR_PORTS"] else { return nil }
    guard let ports = Self.ports(text) else {
      throw ValidationError("--ports takes 31000-31005 or 31000,31007, not '\(text)'")
    }
    return ports
  }

  static func ports(_ text: String) -> [Int]? {
    var ports: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        .map { Int($0.filter { $0 != " " }) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil,
        first > 0, first <= last, last < 65_536
      else { return nil }
      ports += first...last
    }
    return ports
  }

  /// Joins project and options.
  ///
  /// - Throws: `ValidationError` for an option that can't be understood.
  func request(
    for project: Project, environment: [String: String]
  ) throws -> PodRequest {
    func text(_ option: String?, _ name: String) -> String? {
      option ?? environment["COMPOSE_EXECUTOR_\(name)"]
    }
    func duration(_ option: String?, _ name: String, _ flag: String) throws -> Duration? {
      guard let text = text(option, name) else { return nil }
      guard let duration = DurationText.parse(text) else {
        throw ValidationError("--\(flag) takes a duration such as 10s or 2m, not '\(text)'")
      }
      return duration
    }
    let fresh = try KernelFile.text("/proc/sys/kernel/random/uuid").filter { $0 != "\n" }
    let run = text(runId, "RUN_ID") ?? fresh
    let task = text(taskId, "TASK_ID") ?? "\(project.name).\(run.prefix(8))"
    if let word = [task, run].first(where: \.isEmpty) {
      throw ValidationError("--task-id and --run-id can't be empty\(word)")
    }
    let standard = PodTimeouts()
    let timeouts = PodTimeouts(
      launch: try duration(launchTimeout, "LAUNCH_TIMEOUT", "launch-timeout") ?? standard.launch,
      engine: try duration(engineTimeout, "ENGINE_TIMEOUT", "engine-timeout") ?? standard.engine,
      cleanup: try duration(cleanupTimeout, "CLEANUP_TIMEOUT", "cleanup-timeout")
        ?? standard.cleanup)
    return PodRequest(
      project: project, frameworkID: text(frameworkId, "FRAMEWORK_ID") ?? "",
      executorID: text(executorId, "EXECUTOR_ID") ?? task, taskID: task, run: run,
      agentID: text(agentId, "AGENT_ID") ?? "", offeredPorts: try offeredPorts(environment),
      grace: try duration(grace, "GRACE", "grace"), timeouts: timeouts)
  }
}

/// Durations as people and Mesos write them.
enum DurationText {
  /// Reads a number and a unit: ns, us, ms, s or secs, m or mins, h or hrs, days, weeks; fractions are
  /// allowed, and a bare number counts seconds.
  static func parse(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isNumber || $0 == "." }
    guard let number = Double(digits), number.isFinite else { return nil }
    let units: [Substring: Double] = [
      "": 1, "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "sec": 1, "secs": 1, "m": 60, "min": 60,
      "mins": 60, "h": 3600, "hr": 3600, "hrs": 3600, "day": 86_400, "days": 86_400,
      "week": 604_800, "weeks": 604_800,
    ]
    guard let unit = units[text.dropFirst(digits.count)], number * unit < 1e9 else { return nil }
    return .seconds(number * unit)
  }
}
