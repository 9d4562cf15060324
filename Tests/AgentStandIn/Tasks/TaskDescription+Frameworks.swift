import Foundation

extension TaskDescription {
  static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

  /// A task with an executor's path and nothing that only one framework does.
  public static func plain(
    id: String, executor path: String, ports: [Int] = [],
    labels: [(key: String, value: String)] = []
  ) -> TaskDescription {
    var task = TaskDescription(id: id, command: "exec '\(path)'")
    task.ports = ports
    task.labels = labels
    return task
  }

  /// What Marathon makes of an app with `"executor": "/path"` (its TaskBuilder.scala, EnvironmentHelper.scala).
  ///
  /// - Parameters:
  ///   - app: The app's ID.
  ///   - id: The task's ID.
  ///   - executor: The executor's path.
  ///   - argument: The app's `cmd`, which Marathon appends, and refuses to be empty.
  ///   - ports: Host ports in Marathon's random order, which PORTS and the ranges keep.
  ///   - labels: The app's labels.
  ///   - killGrace: `taskKillGracePeriodSeconds`
  ///   - healthCheck: A MESOS_* health check, as ``mesosHTTPCheck(port:path:)`` makes it.
  ///   - oldExecutorID: Whether the executor's ID is `marathon-<task ID>`, as older ones have it.
  /// - Returns: The task.
  public static func marathon(
    app: String = "/demo/web", id: String, executor: String, argument: String = "# no arguments",
    ports: [Int] = [31890, 31000, 31001], labels: [(key: String, value: String)] = [],
    killGrace: Duration? = nil, healthCheck: JSON? = nil, oldExecutorID: Bool = true
  ) -> TaskDescription {
    let command = "chmod ug+rx '\(executor)' && exec '\(executor)' \(argument)"
    var task = TaskDescription(
      id: id, command: command, executorID: oldExecutorID ? "marathon-\(id)" : id)
    // The app's path, from its last part to its first.
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
      // Only the names, in capitals and without what a variable can't have.
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

  /// What Aurora makes of a job with a custom executor (its MesosTaskFactory.java): labels with a prefix, no variables
  /// of its own, the whole job as JSON in `data`.
  ///
  /// - Parameters:
  ///   - job: `role/environment/name`
  ///   - id: The task's ID.
  ///   - command: The executor's command from Aurora's executor configuration.
  ///   - ports: Host ports.
  ///   - metadata: The job's metadata, which becomes labels.
  /// - Returns: The task.
  public static func aurora(
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

  /// A health check over HTTP on a host port, of which the executor itself asks (`HealthCheck`, type HTTP).
  public static func mesosHTTPCheck(port: Int, path: String = "/") -> JSON {
    [
      "type": "HTTP", "delay_seconds": 0.0, "interval_seconds": 1.0, "timeout_seconds": 2.0,
      "grace_period_seconds": 5.0, "consecutive_failures": 3,
      "http": ["scheme": "http", "port": .integer(Int64(port)), "path": .string(path)],
    ]
  }

  /// A health check by a command in the sandbox (`HealthCheck`, type COMMAND).
  public static func mesosCommandCheck(_ command: String) -> JSON {
    [
      "type": "COMMAND", "delay_seconds": 0.0, "interval_seconds": 1.0, "timeout_seconds": 2.0,
      "grace_period_seconds": 5.0, "consecutive_failures": 3,
      "command": ["shell": true, "value": .string(command)],
    ]
  }
}

extension AgentStandIn {
  /// Starts a task's executor as an agent does, and sends it the task when it has subscribed; see ``launch(_:as:)``
  /// for a TaskInfo.
  @discardableResult
  public func launch(
    _ task: TaskDescription, as launch: LaunchOptions = LaunchOptions()
  ) throws -> ExecutorRun {
    try self.launch(task.taskInfo(agentID: options.agentID), as: launch)
  }

  /// Starts the first task's executor, and sends it all of them as a group when it has subscribed.
  @discardableResult
  public func launch(
    group tasks: [TaskDescription], as launch: LaunchOptions = LaunchOptions()
  ) throws -> ExecutorRun {
    try self.launch(group: tasks.map { $0.taskInfo(agentID: options.agentID) }, as: launch)
  }

  /// Sends a task to an executor, or keeps it until that has subscribed.
  public func send(_ task: TaskDescription, to id: String? = nil) {
    send(task.taskInfo(agentID: options.agentID), to: id)
  }
}
