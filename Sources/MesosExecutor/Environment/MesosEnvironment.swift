import HTTPClient
import PodIdentity

/// What the agent tells an executor in its environment (docs/executor-http-api.md, "Executor Environment Variables";
/// `executorEnvironment` in the agent's slave.cpp).
public struct MesosEnvironment: Sendable, Hashable {
  /// The framework.
  public let frameworkID: FrameworkID
  /// This executor.
  public let executorID: ExecutorID
  /// The agent; its ID is in every update.
  public let agentID: AgentID
  /// The sandbox on the host.
  public let directory: String
  /// The sandbox as this process sees it.
  public let sandbox: String
  /// Where the agent listens.
  public let endpoint: HTTPEndpoint
  /// The path of the executor API there.
  public let path: String
  /// Whether the framework has checkpointing: whether executors outlive their agent.
  public let isCheckpointing: Bool
  /// How long to wait for an agent that went away.
  public let recoveryTimeout: Duration
  /// The agent's limit for the time between two tries to subscribe.
  public let subscriptionBackoffMaximum: Duration
  /// From SHUTDOWN to the agent's kill.
  public let shutdownGracePeriod: Duration
  /// The token for `Authorization: Bearer …`.
  public let authenticationToken: String?

  /// The run, as the last part of the sandbox' path says it; SUBSCRIBED says it for sure. Empty where that is no ID.
  public var run: ContainerID {
    let last = directory.split(separator: "/").last.map(String.init) ?? ""
    return ContainerID(IDCheck.problem(last) == nil ? last : "")
  }

  /// Variables that hold secrets: to be kept from the pod and from the processes that the executor starts.
  public static let secretVariables: Set<String> = ["MESOS_EXECUTOR_AUTHENTICATION_TOKEN"]

  /// An environment.
  public init(
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

/// All that is wrong with an executor's environment.
public struct MesosEnvironmentError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One line for each variable that is missing or can't be read.
  public let problems: [String]

  /// The lines.
  public var description: String { problems.joined(separator: "\n") }
}
