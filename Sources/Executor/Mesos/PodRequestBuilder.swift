import Compose
import MesosExecutor
import OrderedCollections
import PodIdentity
import PodRuntime
import Program
import YAML
import Settings

/// Makes the request for a pod from a task.
struct PodRequestBuilder {
  let task: TaskInfo
  /// The settings that Mesos passed to this executor.
  let mesos: MesosEnvironment
  /// The run, from the agent.
  let run: String
  let settings: Settings

  /// Reads the task's Compose files and combines them with the task's settings.
  ///
  /// - Returns: the request.
  /// - Throws: `DiagnosticError` with the location of the error; `ConfigurationError`.
  func request() throws -> PodRequest {
    for (name, id) in [("task_id", task.taskID.value), ("agent_id", task.agentID.value)] {
      if let problem = IDCheck.problem(id) {
        throw ConfigurationError(description: "the task's \(name) \(problem)")
      }
    }
    let own = taskEnvironment
    let environment = settings.environment.merging(own) { _, task in task }
    let offered = OfferedPorts.offered(to: task, environment: environment)
    let podName = PodNames(
      frameworkID: mesos.frameworkID.value, executorID: mesos.executorID.value,
      taskID: task.taskID.value, run: run
    ).project
    let files = try ComposeFileLocator(task: task, sandbox: mesos.directory)
    let project = try ComposeLoader.load(
      LoadOptions(
        files: files.paths, projectDirectory: files.paths.isEmpty ? mesos.directory : nil,
        projectName: nil, environment: own, fallbackEnvironment: settings.environment,
        confine: true, bound: .sandbox(mesos.directory),
        readableDirectories: settings.file.policy.readableDirectories, podName: { _ in podName }))
    let earlier = LegacyExecutorSettings(task: task, sandbox: mesos.directory)
    func labelValue(_ option: String) -> String? {
      if let text = task.label(Settings.podLabel(option)) { return text }
      // An earlier executor's network belongs to its sharing, which the task's own label replaces.
      if option == "network", task.label(Settings.podLabel("share")) != nil { return nil }
      return earlier.options[option]
    }
    let timeouts = try settings.timeouts(launch: labelValue("launch-timeout"))
    var request = PodRequest(
      project: project, frameworkID: mesos.frameworkID.value, executorID: mesos.executorID.value,
      taskID: task.taskID.value, run: run, agentID: task.agentID.value, offeredPorts: offered,
      grace: try task.killPolicy?.gracePeriod
        ?? settings.duration("grace", option: earlier.options["grace"]),
      timeouts: timeouts)
    request.apply(settings.file)
    request.logging = try settings.logging()
    request.sandbox = mesos.directory
    request.persistentVolumes = task.resources.compactMap(\.volumePath)
    request.programVersion = Version.text
    request.options = try settings.podOptions(labelValue)
    if task.hasCommandCheck, request.options.checkService == PodOptions.sandboxChecks,
      settings.file.settings["check-service"] != PodOptions.sandboxChecks
    {
      try request.policy.refuseSandboxCheck()
    }
    request.notes = earlier.notes
    if !settings.file.policy.isRestricted, let notice = UnrestrictedNotice.first() {
      request.notes.append(notice)
    }
    request.warnings = earlier.warnings
    // In an earlier executor a pod with such a service has no infrastructure container. Sharing
    // that the task's own label requests is kept.
    if task.label(Settings.podLabel("share")) == nil, earlier.options["share"] != nil,
      project.hasOtherNetworks
    {
      request.options.sharedNetwork = nil
      request.notes.append("a service has network_mode host or none: no namespace is shared")
    }
    request.warnings += task.unknownOptions.map {
      "label \($0) isn't an option of a pod: known are "
        + Settings.taskLabels.joined(separator: ", ")
    }
    try request.applyRoles()
    request.limits = try TaskBounds(task: task).limits(environment: settings.environment)
    try request.applyProxies(environment: settings.environment)
    request.applyTaskVariables(environment: environment)
    for label in task.labels { request.taskLabels[label.key] = label.value ?? "" }
    return request
  }

  /// The variables of the task's command, which take precedence.
  private var taskEnvironment: [String: String] {
    var result: [String: String] = [:]
    for variable in task.command?.environment ?? [] { result[variable.name] = variable.value }
    return result
  }
}

extension Project {
  /// Whether a service uses the host's network namespace, or one without a network.
  fileprivate var hasOtherNetworks: Bool {
    services.values.contains { service in
      switch service.networkMode?.value {
      case .host, .some(.none): true
      case .service, .container, .other, nil: false
      }
    }
  }
}
