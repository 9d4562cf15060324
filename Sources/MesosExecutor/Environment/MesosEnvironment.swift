import HTTPClient
import PodIdentity

/// The executor's environment, as the agent sets it (Mesos, docs/executor-http-api.md, "Executor
/// Environment Variables"; `executorEnvironment` in the agent's slave.cpp).
package struct MesosEnvironment: Sendable, Hashable {
  /// The framework's ID.
  package let frameworkID: FrameworkID
  /// The ID of this executor.
  package let executorID: ExecutorID
  /// The agent's ID, which every update contains.
  package let agentID: AgentID
  /// The path of the sandbox on the host.
  package let directory: String
  /// The path of the sandbox in this process's mount namespace.
  package let sandbox: String
  /// The address on which the agent listens.
  package let endpoint: HTTPEndpoint
  /// The path of the executor API on that address.
  package let path: String
  /// Whether the framework uses checkpointing, so that executors survive their agent.
  package let isCheckpointing: Bool
  /// How long to wait for an agent that has gone away.
  package let recoveryTimeout: Duration
  /// The agent's limit for the time between two attempts to subscribe.
  package let subscriptionBackoffMaximum: Duration
  /// The time from SHUTDOWN to the agent's kill.
  package let shutdownGracePeriod: Duration
  /// The token for `Authorization: Bearer …`.
  package let authenticationToken: String?

  /// The run according to the last component of the sandbox path; SUBSCRIBED contains the
  /// authoritative value. It is empty where the component is not a valid ID.
  package var run: ContainerID {
    let last = directory.split(separator: "/").last.map(String.init) ?? ""
    return ContainerID(IDCheck.problem(last) == nil ? last : "")
  }

  /// Variables that contain secrets. Neither the pod nor the processes that the executor starts may
  /// receive them.
  package static let secretVariables: Set<String> = ["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"]

  /// An environment.
  package init(
    frameworkID: FrameworkID, executorID: ExecutorID, agentID: AgentID, directory: String,
    sandbox: String? = nil, endpoint: HTTPEndpoint, path: String = "/api/v1/executor",
    isCheckpointing: Bool = true, recoveryTimeout: Duration = .seconds(900),
    subscriptionBackoffMaximum: Duration = .seconds(2),
    shutdownGracePeriod: Duration = .seconds(5), authenticationToken: String? = nil
  ) {
    self.frameworkID = frameworkID
    self.executorID = executorID
    self.agentID = agentID
    self.directory = directory
    self.sandbox = sandbox ?? directory
    self.endpoint = endpoint
    self.path = path
    self.isCheckpointing = isCheckpointing
    self.recoveryTimeout = recoveryTimeout
    self.subscriptionBackoffMaximum = subscriptionBackoffMaximum
    self.shutdownGracePeriod = shutdownGracePeriod
    self.authenticationToken = authenticationToken
  }
}

/// The problems of an executor's environment.
package struct MesosEnvironmentError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One line for each missing or malformed variable.
  package let problems: [String]

  /// The problems, one on each line.
  package var description: String { problems.joined(separator: "\n") }
}
