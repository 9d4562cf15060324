import Foundation

extension TaskDescription {
  static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

  /// A task with an executor's path and without peculiarities of a framework.
  package static func plain(
    id: String, executor path: String, ports: [Int] = [],
    labels: [(key: String, value: String)] = []
  ) -> TaskDescription {
    var task = TaskDescription(id: id, command: "exec '\(path)'")
    task.ports = ports
    task.labels = labels
    return task
  }

  /// The task that Marathon creates for an app with `"executor": "/path"` (TaskBuilder.scala,
  /// EnvironmentHelper.scala).
  ///
  /// - Parameters:
  ///   - app: The app's ID.
  ///   - id: The task's ID.
  ///   - executor: The executor's path.
  ///   - argument: The app's `cmd`, which Marathon appends. Marathon refuses an empty one.
  ///   - ports: Host ports in Marathon's random order. PORTS and the ranges keep this order.
  ///   - labels: The app's labels.
  ///   - killGrace: `taskKillGracePeriodSeconds`
  ///   - healthCheck: A MESOS_* health check, such as ``mesosHTTPCheck(port:path:)``.
  ///   - oldExecutorID: Whether the executor's ID is `marathon-<task ID>`, as in older versions.
  /// - Returns: The task.
  package static func marathon(
    app: String = "/demo/web", id: String, executor: String, argument: String = "# no arguments",
    ports: [Int] = [31890, 31000, 31001], labels: [(key: String, value: String)] = [],
    killGrace: Duration? = nil, healthCheck: JSON? = nil, oldExecutorID: Bool = true
  ) -> TaskDescription {
    let command = "chmod ug+rx '\(executor)' && exec '\(executor)' \(argument)"
    var task = TaskDescription(
      id: id, command: command, executorID: oldExecutorID ? "marathon-\(id)" : id)
    // The parts of the app's path in reverse order.
    task.name = app.split(separator: "/").reversed().joined(separator: ".")
    task.ports = ports
    task.labels = labels
    task.killGrace = killGrace
    task.healthCheck = healthCheck
    task.executorEnvironment = marathonEnvironment(app, id, task, labels)
    task.discovery = [
      "visibility": "FRAMEWORK", "name": .string(task.name ?? id),
      "ports": [
        "ports": .array(
          ports.enumerated().map { index, port in
            ["number": .integer(Int64(port)), "name": .string("p\(index)"), "protocol": "tcp"]
          })
      ],
    ]
    return task
  }

  private static func marathonEnvironment(
    _ app: String, _ id: String, _ task: TaskDescription, _ labels: [(key: String, value: String)]
  ) -> [String: String] {
    var variables = [
      "MESOS_TASK_ID": id, "MARATHON_APP_ID": app, "HOST": "localhost",
      "MARATHON_APP_VERSION": "2024-01-01T00:00:00.000Z", "MARATHON_APP_RESOURCE_DISK": "0.0",
      "MARATHON_APP_RESOURCE_CPUS": "\(task.cpus)", "MARATHON_APP_RESOURCE_MEM": "\(task.memory)",
      "MARATHON_APP_RESOURCE_GPUS": "0",
      // Only the names, in capitals, with `_` for characters that a variable's name can't have.
      "MARATHON_APP_LABELS": labels.map { variable($0.key) }.joined(separator: " "),
    ]
    for label in labels { variables["MARATHON_APP_LABEL_" + variable(label.key)] = label.value }
    for (index, port) in task.ports.enumerated() {
      variables["PORT\(index)"] = "\(port)"
      variables["PORT_\(10000 + index)"] = "\(port)"
    }
    if let first = task.ports.first {
      variables["PORT"] = "\(first)"
      variables["PORTS"] = task.ports.map(String.init).joined(separator: ",")
    }
    return variables
  }

  private static func variable(_ label: String) -> String {
    String(label.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
  }

  /// The task that Aurora creates for a job with a custom executor (MesosTaskFactory.java). It has
  /// labels with a prefix, no variables, and the complete job as JSON in `data`.
  ///
  /// - Parameters:
  ///   - job: `role/environment/name`
  ///   - id: The task's ID.
  ///   - command: The executor's command from Aurora's executor configuration.
  ///   - ports: Host ports.
  ///   - metadata: The job's metadata, which becomes labels.
  /// - Returns: The task.
  package static func aurora(
    job: String = "www-data/devel/web", id: String, command: String, ports: [Int] = [31890, 31000],
    metadata: [(key: String, value: String)] = []
  ) -> TaskDescription {
    var task = TaskDescription(id: id, command: command, executorID: "compose-\(id)")
    task.name = job
    task.ports = ports
    task.labels = metadata.map { ("org.apache.aurora.metadata.\($0.key)", $0.value) }
    let parts = job.split(separator: "/").map(String.init)
    task.discovery = [
      "visibility": "CLUSTER", "name": .string(parts.reversed().joined(separator: ".")),
      "environment": .string(parts.count > 1 ? parts[1] : ""), "location": "cluster",
      "ports": [
        "ports": .array(
          ports.enumerated().map { index, port in
            ["number": .integer(Int64(port)), "name": .string("port\(index)"), "protocol": "TCP"]
          })
      ],
    ]
    task.data = Array(#"{"task":{"job":"\#(job)"},"taskId":"\#(id)"}"#.utf8)
    return task
  }

  /// An HTTP health check on a host port, which the executor performs (`HealthCheck`, type HTTP).
  package static func mesosHTTPCheck(port: Int, path: String = "/") -> JSON {
    [
      "type": "HTTP", "delay_seconds": 0.0, "interval_seconds": 1.0, "timeout_seconds": 2.0,
      "grace_period_seconds": 5.0, "consecutive_failures": 3,
      "http": ["scheme": "http", "port": .integer(Int64(port)), "path": .string(path)],
    ]
  }

  /// A health check by a command in the sandbox (`HealthCheck`, type COMMAND).
  package static func mesosCommandCheck(_ command: String) -> JSON {
    [
      "type": "COMMAND", "delay_seconds": 0.0, "interval_seconds": 1.0, "timeout_seconds": 2.0,
      "grace_period_seconds": 5.0, "consecutive_failures": 3,
      "command": ["shell": true, "value": .string(command)],
    ]
  }
}

extension AgentStandIn {
  /// Starts a task's executor as an agent does. Sends it the task when it has subscribed; see
  /// ``launch(_:as:)`` for a TaskInfo.
  @discardableResult
  package func launch(
    _ task: TaskDescription, as launch: LaunchOptions = LaunchOptions()
  ) throws -> ExecutorRun {
    try self.launch(task.taskInfo(agentID: options.agentID), as: launch)
  }

  /// Starts the first task's executor. Sends it all tasks as a group when it has subscribed.
  @discardableResult
  package func launch(
    group tasks: [TaskDescription], as launch: LaunchOptions = LaunchOptions()
  ) throws -> ExecutorRun {
    try self.launch(group: tasks.map { $0.taskInfo(agentID: options.agentID) }, as: launch)
  }

  /// Sends a task to an executor, or queues it until the executor has subscribed.
  package func send(_ task: TaskDescription, to id: String? = nil) {
    send(task.taskInfo(agentID: options.agentID), to: id)
  }
}
