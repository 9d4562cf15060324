import Compose
import MesosExecutor
import PodRuntime
import Program

/// Makes a pod's request from a task.
struct TaskPod {
  let task: TaskInfo
  /// What Mesos told this executor when it started it.
  let mesos: MesosEnvironment
  /// The run, as the agent says.
  let run: String
  let settings: Settings

  /// Reads the task's Compose files and joins them with what the task says.
  ///
  /// - Returns: the request.
  /// - Throws: `ComposeError` with the place of what is wrong, `SettingError`.
  func request() throws -> PodRequest {
    let own = taskEnvironment
    let environment = settings.environment.merging(own) { _, task in task }
    let offered = TaskPorts.offered(to: task, environment: environment)
    let files = try TaskFiles(task: task, sandbox: mesos.directory)
    let project = try ComposeLoader.load(
      LoadOptions(
        files: files.paths, projectDirectory: files.paths.isEmpty ? mesos.directory : nil,
        projectName: nil, environment: own, fallbackEnvironment: settings.environment,
        confine: true))
    var timeouts = try settings.timeouts()
    if let text = task.label("pod.launch_timeout") {
      guard let limit = DurationText.parse(text) else {
        throw SettingError(
          description: "label pod.launch_timeout takes a duration such as 10s or 2m, not '\(text)'")
      }
      timeouts.launch = limit
    }
    var request = PodRequest(
      project: project, frameworkID: mesos.frameworkID.value, executorID: mesos.executorID.value,
      taskID: task.taskID.value, run: run, agentID: task.agentID.value, offeredPorts: offered,
      grace: try task.killPolicy?.gracePeriod ?? settings.duration("grace"), timeouts: timeouts)
    request.policy = settings.file.policy
    request.options = try settings.podOptions { task.label(Settings.podLabel($0)) }
    request.warnings = task.unknownOptions.map {
      "label \($0) is no option of a pod: known are "
        + (["launch-timeout"] + Settings.podOptions.sorted()).map(Settings.podLabel)
        .joined(separator: ", ")
    }
    request.limits = TaskLimits(
      cpus: task.scalar("cpus"), memory: task.scalar("mem").map { Int64($0 * 1_048_576) })
    for label in task.labels { request.taskLabels[label.key] = label.value ?? "" }
    return request
  }

  /// The variables of the task's own command, which are the strongest.
  private var taskEnvironment: [String: String] {
    var result: [String: String] = [:]
    for variable in task.command?.environment ?? [] { result[variable.name] = variable.value }
    return result
  }
}
