import ArgumentParser
import Compose
import DockerEngine
import Glibc
import PodIdentity
import PodRuntime
import Program

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

  @Option(
    help:
      "How often the pod's containers are listed beside the engine's events, give or take a fifth. Default: 60s."
  )
  var relistInterval: String?

  @Option(
    help:
      "Where the engine puts the output of services without logging: engine (its own configuration's choice) or a log driver. Default: json-file, two files of 50 MB."
  )
  var logging: String?

  @OptionGroup var options: PodOptionArguments

  /// The offered ports; nil where none were named.
  ///
  /// - Parameter settings: where options are looked up.
  /// - Returns: the ports in their order.
  /// - Throws: `SettingError` for text that names no ports.
  func offeredPorts(_ settings: Settings) throws(SettingError) -> [Int]? {
    guard let text = settings.text("ports", option: ports) else { return nil }
    guard let ports = Self.ports(text) else {
      throw SettingError(
        description: "--ports takes 31000-31005 or 31000,31007, not '\(text)'")
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
  /// - Parameters:
  ///   - project: the project.
  ///   - settings: where options are looked up.
  /// - Returns: the request for a pod.
  /// - Throws: `SettingError` for an option that can't be understood.
  func request(for project: Project, settings: Settings) throws -> PodRequest {
    let fresh = try KernelFile.text("/proc/sys/kernel/random/uuid").filter { $0 != "\n" }
    let run = settings.text("run-id", option: runId) ?? fresh
    let task = settings.text("task-id", option: taskId) ?? "\(project.name).\(run.prefix(8))"
    let executor = settings.text("executor-id", option: executorId) ?? task
    let framework = settings.text("framework-id", option: frameworkId) ?? ""
    let agent = settings.text("agent-id", option: agentId) ?? ""
    // Before anything is made of them: they become paths, names and lines of a protocol.
    for (name, id, isNeeded) in [
      ("run-id", run, true), ("task-id", task, true), ("executor-id", executor, true),
      ("framework-id", framework, false), ("agent-id", agent, false),
    ] where isNeeded || !id.isEmpty {
      if let problem = IDCheck.problem(id) {
        throw SettingError(description: "--\(name) \(problem)")
      }
    }
    var request = PodRequest(
      project: project, frameworkID: framework, executorID: executor, taskID: task, run: run,
      agentID: agent,
      offeredPorts: try offeredPorts(settings),
      grace: try settings.duration("grace", option: grace),
      timeouts: try settings.timeouts(
        launch: launchTimeout, engine: engineTimeout, cleanup: cleanupTimeout,
        relist: relistInterval))
    request.policy = settings.file.policy
    request.logging = try settings.logging(option: logging)
    request.options = try settings.podOptions { options.text($0) }
    try request.takeProxies(environment: settings.environment)
    return request
  }
}

extension PodRequest {
  /// Takes over the proxy variables of the docker command's configuration.
  ///
  /// - Parameter environment: names the engine, and where the configuration is.
  /// - Throws: `EngineError` for a DOCKER_HOST that can't be understood.
  mutating func takeProxies(environment: [String: String]) throws {
    let configuration = DockerConfiguration(
      projectDirectory: project.workingDirectory, environment: environment)
    var problems: [String] = []
    proxies = configuration.proxies(of: try EngineEndpoint.from(environment: environment)) {
      problems.append($0)
    }
    warnings += problems
  }
}
