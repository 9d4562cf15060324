import ArgumentParser
import Compose
import DockerEngine
import Glibc
import PodIdentity
import PodRuntime
import Program
import Settings

/// The options that Mesos would set for a task. Each long option also has a variable
/// `COMPOSE_EXECUTOR_…`.
struct TaskOptions: ParsableArguments {
  @Option(help: "The task's ID. Default: the project's name and part of the run.")
  var taskId: String?

  @Option(help: "Offered host ports, such as 31000-31005 or 31000,31007.")
  var ports: String?

  @Option(
    help:
      "The task's disk, such as 500m: the data that its containers may write (see --disk). Default: none."
  )
  var taskDisk: String?

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

  @Option(help: "How long the launch of the pod may take, pulls included. Default: 280s.")
  var launchTimeout: String?

  @Option(help: "How long the engine may be away before the pod fails. Default: 3m.")
  var engineTimeout: String?

  @Option(help: "How long removing the pod may take. Default: 2m.")
  var cleanupTimeout: String?

  @Option(
    help:
      "How often the pod's containers are listed in addition to the engine's events, plus or minus 20 %. Default: 60s."
  )
  var relistInterval: String?

  @Option(
    help:
      "The log driver of services without logging: a driver's name, or engine for the engine's own default. Default: json-file, two files of 50 MB."
  )
  var logging: String?

  @Option(
    help:
      "The directory that must contain all relative paths of the files. Default: the git repository of the first file, else the file's directory.",
    completion: .directory)
  var root: String?

  @OptionGroup var options: PodOptionArguments

  /// The directory that relative paths of the files must not leave.
  ///
  /// - Throws: `ConfigurationError` where the option is not a directory.
  func bound() throws(ConfigurationError) -> LoadOptions.Bound {
    if let root, root.isEmpty || !Path.isDirectory(Path.join(Path.current, root)) {
      throw ConfigurationError(description: "--root isn't a directory: '\(root)'")
    }
    return .root(root)
  }

  /// The offered ports; nil where none are set.
  ///
  /// - Parameter settings: the source of the option.
  /// - Returns: the ports in their order.
  /// - Throws: `ConfigurationError` for an invalid list of ports.
  func offeredPorts(_ settings: Settings) throws(ConfigurationError) -> [UInt16]? {
    guard let text = settings.text("ports", option: ports) else { return nil }
    guard let ports = Self.ports(text) else {
      throw ConfigurationError(
        description: "--ports takes 31000-31005 or 31000,31007, not '\(text)'")
    }
    return ports
  }

  static func ports(_ text: String) -> [UInt16]? {
    var ports: [UInt16] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let range = ClosedRange(ports: part.filter { $0 != " " }), range.lowerBound > 0 else {
        return nil
      }
      ports += range
    }
    return ports
  }

  /// Combines a project with the options.
  ///
  /// - Parameters:
  ///   - project: the project.
  ///   - ids: the IDs of the task.
  ///   - settings: the source of the options.
  ///   - change: changes the pod's options before they are applied.
  /// - Returns: the request for a pod.
  /// - Throws: `ConfigurationError` for an invalid option.
  func request(
    for project: Project, ids: TaskIDs, settings: Settings,
    change: (inout PodOptions) throws -> Void = { _ in }
  ) throws -> PodRequest {
    let task = ids.task(of: project.name)
    if let problem = IDCheck.problem(task) {
      throw ConfigurationError(description: "--task-id \(problem)")
    }
    var request = PodRequest(
      project: project, frameworkID: ids.framework, executorID: ids.executor ?? task, taskID: task,
      run: ids.run, agentID: ids.agent,
      offeredPorts: try offeredPorts(settings),
      grace: try settings.duration("grace", option: grace),
      timeouts: try settings.timeouts(
        launch: launchTimeout, engine: engineTimeout, cleanup: cleanupTimeout,
        relist: relistInterval))
    request.apply(settings.file)
    request.logging = try settings.logging(option: logging)
    request.options = try settings.podOptions { options.text($0) }
    if let text = settings.text("task-disk", option: taskDisk) {
      guard let bytes = SizeText.parse(text), bytes > 0 else {
        throw ConfigurationError(
          description: "--task-disk takes a size such as 500m, not '\(text)'")
      }
      request.limits = TaskLimits(cpus: nil, memory: nil)
      request.limits?.disk = bytes
    }
    try change(&request.options)
    request.programVersion = Version.text
    try request.applyRoles()
    try request.applyProxies(environment: settings.environment)
    request.applyTaskVariables(environment: settings.environment)
    return request
  }

  /// A unique ID: a random UUID (RFC 9562, version 4).
  private static func freshID() -> String {
    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
    bytes[6] = bytes[6] & 0x0f | 0x40
    bytes[8] = bytes[8] & 0x3f | 0x80
    let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }
      .joined(separator: "-")
  }

  /// The IDs, with a new run where none is set.
  ///
  /// - Parameter settings: the source of the options.
  /// - Returns: the IDs.
  /// - Throws: `ConfigurationError` for an invalid ID.
  func ids(_ settings: Settings) throws -> TaskIDs {
    let fresh = Self.freshID()
    let ids = TaskIDs(
      run: settings.text("run-id", option: runId) ?? fresh,
      task: settings.text("task-id", option: taskId),
      executor: settings.text("executor-id", option: executorId),
      framework: settings.text("framework-id", option: frameworkId) ?? "",
      agent: settings.text("agent-id", option: agentId) ?? "")
    // The IDs are checked before use, because they become parts of paths, names and protocol lines.
    for (name, id, isNeeded) in [
      ("run-id", ids.run, true), ("task-id", ids.task ?? fresh, true),
      ("executor-id", ids.executor ?? fresh, true), ("framework-id", ids.framework, false),
      ("agent-id", ids.agent, false),
    ] where isNeeded || !id.isEmpty {
      if let problem = IDCheck.problem(id) {
        throw ConfigurationError(description: "--\(name) \(problem)")
      }
    }
    return ids
  }
}

/// The IDs of a task and its run. They are known before the Compose files are read, because the
/// files can use the pod's name through `COMPOSE_PROJECT_NAME`.
struct TaskIDs: Sendable {
  let run: String
  /// Nil for an ID from the project's name and the run.
  let task: String?
  /// Nil for the task's ID.
  let executor: String?
  let framework: String
  let agent: String

  /// The task's ID.
  func task(of project: String) -> String { task ?? "\(project).\(run.prefix(8))" }

  /// The prefix of the names of the pod's objects.
  @Sendable func podName(of project: String) -> String {
    let task = task(of: project)
    return PodNames(
      frameworkID: framework, executorID: executor ?? task, taskID: task, run: run
    ).project
  }
}

extension PodRequest {
  /// Applies the settings that only the operator can set.
  ///
  /// - Parameter file: the operator's file.
  mutating func apply(_ file: OperatorConfiguration) {
    policy = file.policy
    slices = file.slices
    secretCommand = file.secretCommand
    programPath = file.programPath
    defaults = file.defaults
  }

  /// Applies the proxy variables from the docker command's configuration, and the operator's where
  /// that has none.
  ///
  /// - Parameter environment: contains the engine's address and the location of the configuration.
  /// - Throws: `EngineError` for an invalid DOCKER_HOST.
  mutating func applyProxies(environment: [String: String]) throws {
    let configuration = DockerConfiguration(
      projectDirectory: project.workingDirectory, environment: environment)
    var problems: [String] = []
    proxies = configuration.proxies(of: try EngineEndpoint.from(environment: environment)) {
      problems.append($0)
    }
    let enforced = defaults.enforced.contains(.proxies)
    proxies =
      enforced ? defaults.proxies : proxies.merging(defaults.proxies) { docker, _ in docker }
    warnings += problems
  }
}
