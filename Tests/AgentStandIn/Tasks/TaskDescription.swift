/// A task, its executor and the additions of a framework, from which a TaskInfo is created.
package struct TaskDescription: Sendable {
  /// The task's ID.
  package var id: String
  /// The task's name. Nil for the ID.
  package var name: String?
  /// The executor's ID.
  package var executorID: String
  /// The executor's command.
  package var command: String
  /// Whether the command is a shell command (`CommandInfo.shell`). If false, it is the name of a
  /// program.
  package var isShell = true
  /// `CommandInfo.arguments`, for a command that is not a shell command.
  package var arguments: [String] = []
  /// The files of the sandbox before the executor starts (`CommandInfo.uris`).
  package var uris: [FetchURI] = []
  /// The task's processors.
  package var cpus = 0.5
  /// The task's memory in MiB.
  package var memory = 128.0
  /// The task's disk in megabytes. Nil for none.
  package var disk: Double?
  /// The executor's own processors, in addition to those of the task.
  package var executorCPUs = 0.1
  /// The executor's own memory in MiB, in addition to that of the task.
  package var executorMemory = 32.0
  /// Offered host ports, each as its own range, in this order.
  package var ports: [Int] = []
  /// The labels, in order.
  package var labels: [(key: String, value: String)] = []
  /// The executor's variables (`ExecutorInfo.command.environment`).
  package var executorEnvironment: [String: String] = [:]
  /// The task's own variables (`TaskInfo.command.environment`). Only a task with a command has
  /// them.
  package var environment: [String: String] = [:]
  /// `kill_policy.grace_period`
  package var killGrace: Duration?
  /// `ExecutorInfo.shutdown_grace_period`
  package var shutdownGrace: Duration?
  /// `TaskInfo.health_check`
  package var healthCheck: JSON?
  /// `TaskInfo.check`
  package var check: JSON?
  /// `TaskInfo.discovery`
  package var discovery: JSON?
  /// `TaskInfo.data`, not yet in base64.
  package var data: [UInt8]?
  /// Further members of the TaskInfo.
  package var extra: [String: JSON] = [:]

  /// Creates a task and its executor.
  ///
  /// - Parameters:
  ///   - id: The task's ID.
  ///   - command: The executor's shell command.
  ///   - executorID: The executor's ID. Default: the task's ID.
  package init(id: String, command: String, executorID: String? = nil) {
    self.id = id
    self.command = command
    self.executorID = executorID ?? id
  }

  /// The TaskInfo (include/mesos/v1/mesos.proto) for an agent.
  package func taskInfo(agentID: String) -> JSON {
    var task: JSON = [
      "name": .string(name ?? id), "task_id": .id(id), "agent_id": .id(agentID),
      "resources": .array(resources), "executor": executorInfo,
    ]
    if !environment.isEmpty {
      task["command"] = ["environment": Self.environment(environment), "shell": true]
    }
    if !labels.isEmpty { task["labels"] = Self.labels(labels) }
    if let killGrace { task["kill_policy"] = ["grace_period": Self.duration(killGrace)] }
    task["health_check"] = healthCheck
    task["check"] = check
    task["discovery"] = discovery
    if let data { task["data"] = .string(Self.base64(data)) }
    for (name, value) in extra { task[name] = value }
    return task
  }

  private var executorInfo: JSON {
    var command: JSON = ["value": .string(self.command), "shell": .bool(isShell)]
    if !arguments.isEmpty { command["arguments"] = .array(arguments.map(JSON.string)) }
    if !uris.isEmpty { command["uris"] = .array(uris.map(\.json)) }
    if !executorEnvironment.isEmpty {
      command["environment"] = Self.environment(executorEnvironment)
    }
    var info: JSON = [
      "type": "CUSTOM", "executor_id": .id(executorID), "name": .string(executorID),
      "command": command, "source": .string(id),
      "resources": .array(
        [("cpus", executorCPUs), ("mem", executorMemory)].filter { $0.1 > 0 }
          .map { Self.scalar($0.0, $0.1) }),
    ]
    if let shutdownGrace { info["shutdown_grace_period"] = Self.duration(shutdownGrace) }
    return info
  }

  private var resources: [JSON] {
    var resources = [Self.scalar("cpus", cpus), Self.scalar("mem", memory)]
    if let disk { resources.append(Self.scalar("disk", disk)) }
    if !ports.isEmpty {
      let ranges = ports.map {
        JSON.object(["begin": .integer(Int64($0)), "end": .integer(Int64($0))])
      }
      resources.append([
        "name": "ports", "type": "RANGES", "ranges": ["range": .array(ranges)], "role": "*",
        "allocation_info": ["role": "*"],
      ])
    }
    return resources
  }

  private static func scalar(_ name: String, _ value: Double) -> JSON {
    [
      "name": .string(name), "type": "SCALAR", "scalar": ["value": .double(value)], "role": "*",
      "allocation_info": ["role": "*"],
    ]
  }

  private static func duration(_ duration: Duration) -> JSON {
    ["nanoseconds": .integer(duration.nanoseconds)]
  }

  private static func environment(_ variables: [String: String]) -> JSON {
    let list = variables.sorted { $0.key < $1.key }
    return [
      "variables": .array(list.map { ["name": .string($0.key), "value": .string($0.value)] })
    ]
  }

  static func labels(_ labels: [(key: String, value: String)]) -> JSON {
    ["labels": .array(labels.map { ["key": .string($0.key), "value": .string($0.value)] })]
  }
}
