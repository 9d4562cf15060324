/// The environment variables of an executor.
enum ExecutorEnvironment {
  /// The variables of src/slave/slave.cpp, `executorEnvironment`, then the command's own variables,
  /// then those of src/slave/containerizer/mesos/containerizer.cpp, `_launch`. Later ones take
  /// precedence.
  static func variables(
    info: JSON, sandbox: String, port: UInt16, token: String?, options: AgentOptions
  ) -> [String: String] {
    let grace = info["shutdown_grace_period"]?["nanoseconds"]?.integer
    var variables = [
      "LIBPROCESS_PORT": "0",
      "MESOS_FRAMEWORK_ID": options.frameworkID,
      "MESOS_EXECUTOR_ID": info["executor_id"]?.id ?? "",
      "MESOS_DIRECTORY": sandbox,
      "MESOS_SLAVE_ID": options.agentID,
      "MESOS_SLAVE_PID": "slave(1)@127.0.0.1:\(port)",
      "MESOS_AGENT_ENDPOINT": "127.0.0.1:\(port)",
      "MESOS_CHECKPOINT": options.checkpoint ? "1" : "0",
      "MESOS_HTTP_COMMAND_EXECUTOR": "0",
      "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD":
        (grace.map { .nanoseconds($0) } ?? options.executorShutdownGracePeriod).mesosText,
      // src/slave/containerizer/mesos/launch.cpp: the host's default path if there is none.
      "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ]
    variables["MESOS_DOMAIN_SOCKET"] = options.domainSocket
    if options.checkpoint {
      variables["MESOS_RECOVERY_TIMEOUT"] = options.recoveryTimeout.mesosText
      variables["MESOS_SUBSCRIPTION_BACKOFF_MAX"] = options.subscriptionBackoffMaximum.mesosText
    }
    if options.faults.behaviors.contains(Misbehavior.noRecoveryTime) {
      variables["MESOS_RECOVERY_TIMEOUT"] = "0ns"
    }
    variables["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"] = token
    for variable in info["command"]?["environment"]?["variables"]?.array ?? [] {
      if let name = variable["name"]?.string { variables[name] = variable["value"]?.string ?? "" }
    }
    variables["MESOS_SANDBOX"] = sandbox
    return variables
  }
}
