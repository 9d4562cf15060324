import ArgumentParser
import Compose
import PodIdentity
import PodRuntime
import Program
import Settings

/// The options of a pod that are not in its Compose file: options of `run`, and labels of a task
/// (`pod.` and the option, with `_` for `-`).
struct PodOptionArguments: ParsableArguments {
  @Option(
    help:
      "The namespaces that all services share: net, pid, net,pid or none. Default: none.",
    completion: .list(["net", "pid", "net,pid", "none"]))
  var share: String?

  @Option(help: "The existing network that a shared network namespace joins. Default: bridge.")
  var network: String?

  @Option(
    help:
      "The meaning of a service's exit with 0: job (the service is done) or service (the pod has failed). Default: job.",
    completion: .list(["job", "service"]))
  var type: String?

  @Option(
    help:
      "The action when a restart of the engine stops the container of a service without a restart policy: fail or restart. Default: fail.",
    completion: .list(["fail", "restart"]))
  var onEngineRestart: String?

  @Option(
    help:
      "The roles of services: SERVICE=ROLE, separated by commas. Roles are main, sidecar, optional, init and final. Default: the service's `x-pod`, else main."
  )
  var roles: String?

  @Option(
    help:
      "The main services whose exit completes the pod: all (the last one) or any (the first one). Default: all.",
    completion: .list(["all", "any"]))
  var mains: String?

  @Option(
    help: "The action when a service is unhealthy: fail or restart. Default: fail.",
    completion: .list(["fail", "restart"]))
  var onUnhealthy: String?

  @Option(
    help:
      "The action when a service is killed at its own memory limit: fail or restart. Default: fail.",
    completion: .list(["fail", "restart"]))
  var onOom: String?

  @Option(
    help: "How long each final service may take if the pod isn't killed. Default: 60s.")
  var finalTimeout: String?

  @Option(
    help:
      "The variables of the task that services get if their file doesn't set them: none, mesos or marathon. Default: none.",
    completion: .list(["none", "mesos", "marathon"]))
  var taskEnv: String?

  @Option(
    help:
      "Mount a description of the task into services, read-only, as /run/pod/task.json: true or false. Default: false.",
    completion: .list(["true", "false"]))
  var taskFile: String?

  @Option(
    help:
      "The service that runs the task's command checks, and to which its TCP and HTTP checks connect. /sandbox runs command checks on the host, in the sandbox. Default: the only service, else the first that publishes a port."
  )
  var checkService: String?

  @Option(
    help:
      "The action when the containers write more than the task's disk: report (a line in the log), enforce (the pod fails) or off (no measurement). If the engine supports it, report and enforce also limit each container. Default: report.",
    completion: .list(["report", "enforce", "off"]))
  var disk: String?

  @Flag(help: "Keep named volumes when the pod is removed.")
  var keepVolumes = false

  @Option(
    help:
      "How long stopped containers and volumes are kept after a failure, such as 1h; at most 168h. Default: 0s."
  )
  var keepFailed: String?

  @Option(
    help:
      "The images to remove with the pod: none, local (built, without a name) or all. Default: none.",
    completion: .list(["none", "local", "all"]))
  var rmi: String?

  @Option(
    help:
      "Also write each service's output to logs/SERVICE.stdout and logs/SERVICE.stderr: true, false, or a file's size and the number of older files, such as 10m or 10m,4. Default: false.",
    completion: .list(["true", "false", "10m"]))
  var splitLogs: String?

  @Option(
    help:
      "A command that runs before any object is created, with the pod's data as JSON on standard input. If it fails, the pod fails.",
    completion: .file())
  var preLaunchHook: String?

  @Option(help: "A command that runs when the pod is running.", completion: .file())
  var runningHook: String?

  @Option(help: "A command that runs after the pod is removed.", completion: .file())
  var postStopHook: String?

  @Option(help: "How long a hook may take. Default: 30s.")
  var hookTimeout: String?

  /// The value of an option in the command line.
  ///
  /// - Parameter name: the long option, without its dashes.
  /// - Returns: its text; nil if it isn't given.
  func text(_ name: String) -> String? {
    switch name {
    case "share": share
    case "network": network
    case "type": type
    case "on-engine-restart": onEngineRestart
    case "roles": roles
    case "disk": disk
    case "mains": mains
    case "on-unhealthy": onUnhealthy
    case "on-oom": onOom
    case "final-timeout": finalTimeout
    case "check-service": checkService
    case "task-env": taskEnv
    case "task-file": taskFile
    case "keep-volumes": keepVolumes ? "true" : nil
    case "keep-failed": keepFailed
    case "rmi": rmi
    case "split-logs": splitLogs
    case "pre-launch-hook": preLaunchHook
    case "running-hook": runningHook
    case "post-stop-hook": postStopHook
    case "hook-timeout": hookTimeout
    default: nil
    }
  }
}

extension Settings {
  /// The options that a task's labels may set.
  static let podOptions: Set<String> = [
    "check-service", "disk", "final-timeout", "hook-timeout", "keep-failed", "keep-volumes",
    "mains",
    "network",
    "on-engine-restart",
    "on-oom", "on-unhealthy",
    "post-stop-hook", "pre-launch-hook", "rmi", "roles", "running-hook", "share", "split-logs",
    "task-env", "task-file", "type",
  ]

  /// The labels of a task that set options.
  static let taskLabels = podOptions.union(["launch-timeout"]).map(podLabel).sorted()

  /// The label for an option of a pod.
  ///
  /// - Parameter option: the long option, without its dashes.
  /// - Returns: `pod.` and the option, with `_` for `-`.
  static func podLabel(_ option: String) -> String {
    "pod." + option.map { $0 == "-" ? "_" : String($0) }.joined()
  }

  /// The options of a pod that are not in its Compose file.
  ///
  /// - Parameter labelValue: returns the value of an option in the command line or in a task's
  ///   label, which takes precedence; nil if it isn't set.
  /// - Returns: the options.
  /// - Throws: `ConfigurationError`.
  func podOptions(_ labelValue: (String) -> String?) throws(ConfigurationError) -> PodOptions {
    var options = PodOptions()
    let shared = try sharedNamespaces(text("share", option: labelValue("share")))
    options.sharesPID = shared.contains("pid")
    if shared.contains("net") {
      options.sharedNetwork = try network(text("network", option: labelValue("network")))
    } else if let network = labelValue("network") {
      throw ConfigurationError(
        description: "network '\(network)' is for a shared network namespace: set share net, too")
    }
    options.kind = try choice("type", labelValue) ?? .job
    options.onEngineRestart = try choice("on-engine-restart", labelValue) ?? .fail
    options.roles = try roles(text("roles", option: labelValue("roles")))
    options.mains = try choice("mains", labelValue) ?? .all
    options.disk = try choice("disk", labelValue) ?? .report
    options.onUnhealthy = try choice("on-unhealthy", labelValue) ?? .fail
    options.onOutOfMemory = try choice("on-oom", labelValue) ?? .fail
    if let limit = try duration("final-timeout", option: labelValue("final-timeout")) {
      options.finalTimeout = limit
    }
    options.imageRemoval = try choice("rmi", labelValue) ?? .none
    options.checkService = text("check-service", option: labelValue("check-service")).flatMap {
      $0.isEmpty ? nil : $0
    }
    options.taskVariables = try choice("task-env", labelValue) ?? .none
    options.hasTaskFile = try isOn("task-file", labelValue)
    options.keepsVolumes = try isOn("keep-volumes", labelValue)
    if let time = try duration("keep-failed", option: labelValue("keep-failed")) {
      guard time <= .seconds(PodLabel.longestKeep) else {
        throw ConfigurationError(description: "keep-failed takes at most 168h")
      }
      options.keepFailed = time.components.seconds
    }
    options.splitLogs = try splitLogs(text("split-logs", option: labelValue("split-logs")))
    options.hooks = try hooks(labelValue)
    return options
  }

  private func isOn(_ name: String, _ labelValue: (String) -> String?) throws(ConfigurationError)
    -> Bool
  {
    switch text(name, option: labelValue(name)) {
    case nil, "false": return false
    case "true": return true
    case let other?:
      throw ConfigurationError(description: "\(name) takes true or false, not '\(other)'")
    }
  }

  private func splitLogs(_ text: String?) throws(ConfigurationError) -> LogRotation? {
    guard let text, text != "false" else { return nil }
    var rotation = LogRotation()
    if text == "true" { return rotation }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let size = SizeText.parse(String(parts[0]))
    let count = parts.count == 1 ? rotation.olderFiles : Int(parts[1])
    guard parts.count <= 2, let size, size >= LogRotation.leastSize, let count,
      1...LogRotation.mostFiles ~= count
    else {
      throw ConfigurationError(
        description:
          "split-logs takes true, false, a size of at least 4k, or a size and 1 to 100 older files (10m,4), not '\(text)'"
      )
    }
    rotation.size = size
    rotation.olderFiles = count
    return rotation
  }

  private func roles(_ text: String?) throws(ConfigurationError) -> [String: ServiceRole] {
    var roles: [String: ServiceRole] = [:]
    for part in (text ?? "").split(separator: ",") {
      let words = part.filter { $0 != " " }.split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard words.count == 2, let role = ServiceRole(rawValue: String(words[1])),
        roles.updateValue(role, forKey: String(words[0])) == nil
      else {
        let known = ServiceRole.allCases.map(\.rawValue).joined(separator: ", ")
        throw ConfigurationError(
          description:
            "roles takes SERVICE=ROLE, separated by commas, each service once; roles are \(known); not '\(part)'"
        )
      }
    }
    return roles
  }

  /// One of the valid values of an option.
  private func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, _ labelValue: (String) -> String?
  ) throws(ConfigurationError) -> Choice? where Choice.RawValue == String {
    guard let text = text(name, option: labelValue(name)) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw ConfigurationError(description: "\(name) takes one of \(words), not '\(text)'")
    }
    return choice
  }

  /// All hooks. The operator's hooks run before the task's, which cannot replace them.
  private func hooks(_ labelValue: (String) -> String?) throws(ConfigurationError) -> [PodHook] {
    let operators = try duration("hook-timeout", option: file.settings["hook-timeout"])
    let own = try duration("hook-timeout", option: labelValue("hook-timeout"))
    var hooks: [PodHook] = []
    for event in PodHook.Event.allCases {
      let name = event.rawValue + "-hook"
      for (command, timeout, isOperators) in [
        (file.settings[name], operators, true),
        (userValue(name, option: labelValue(name)), own, false),
      ] {
        guard let command, !command.isEmpty else { continue }
        hooks.append(
          PodHook(
            event: event, command: command, timeout: timeout ?? .seconds(30),
            isOperators: isOperators))
      }
    }
    return hooks
  }

  private func sharedNamespaces(_ text: String?) throws(ConfigurationError) -> Set<String> {
    guard let text, text != "none", !text.isEmpty else { return [] }
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
      .map { String($0.filter { $0 != " " }) }
    for word in words where word != "net" && word != "pid" {
      throw ConfigurationError(description: "share takes net, pid, net,pid or none, not '\(text)'")
    }
    return Set(words)
  }

  private func network(_ text: String?) throws(ConfigurationError) -> String {
    let name = text ?? "bridge"
    if name == "default" { return "bridge" }
    if name.isEmpty || name == "host" || name == "none" || name.contains(":") {
      throw ConfigurationError(
        description: "network takes bridge or the name of an existing network, not '\(name)'")
    }
    return name
  }
}
