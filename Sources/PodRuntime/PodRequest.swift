import Compose
import PodIdentity

/// The input from which a pod is planned and started: a project and its task.
public struct PodRequest: Sendable {
  /// The Compose project.
  public var project: Project
  /// Mesos' framework ID; empty outside Mesos.
  public var frameworkID: String
  /// Mesos' executor ID.
  public var executorID: String
  /// Mesos' task ID.
  public var taskID: String
  /// Mesos' container ID: one launch of an executor.
  public var run: String
  /// Mesos' agent ID; empty outside Mesos.
  public var agentID: String
  /// Offered host ports in the offer's order; nil if the task has no `ports` resource.
  public var offeredPorts: [UInt16]?
  /// Time limit for stopping the whole pod; nil for the longest `stop_grace_period` of its
  /// services.
  public var grace: Duration?
  /// Time limits for the phases of the pod's life.
  public var timeouts: PodTimeouts
  /// Labels of the task. The containers get them too, except for keys that the file or the contract
  /// sets.
  public var taskLabels: [String: String] = [:]
  /// The resources of the task; nil if they are unknown.
  public var limits: TaskLimits?
  /// What the operator permits the pod to use on the host.
  public var policy = PodPolicy.unrestricted
  /// The operator's program that provides the values of external secrets and configs; nil for none.
  public var secretCommand: String?
  /// Directories in which the operator's programs are searched; nil for the default ones.
  public var programPath: [String]?
  /// Who runs the task's framework, as the agent reports it.
  public var owner = TaskOwner()
  /// The operator's settings for slices.
  public var slices = SliceSettings()
  /// The operator's defaults for containers whose file doesn't set the key.
  public var defaults = OperatorDefaults()
  /// Where the engine writes the output of services without `logging:`.
  public var logging = PodLogging.bounded
  /// Warnings of the pod's owner, which the pod logs.
  public var warnings: [String] = []
  /// Messages of the pod's owner, which the pod logs at level info.
  public var notes: [String] = []
  /// The directory in which hooks run; nil for the project's directory.
  public var sandbox: String?
  /// Paths in the sandbox at which the agent has mounted persistent volumes.
  public var persistentVolumes: [String] = []
  /// Proxy variables for containers and builds. A service's own variable of the same name wins.
  public var proxies: [String: String] = [:]
  /// The host's name, as the agent reports it.
  public var hostName = ""
  /// Variables of the executor's environment that describe the task:
  /// ``takeTaskVariables(environment:)``.
  var surroundings: [String: String] = [:]
  /// The program's version, for the report of the pod's end.
  public var programVersion = ""
  /// Options of the pod that its Compose file doesn't set.
  public var options = PodOptions()
  /// What the exit of each service means for the pod: ``applyRoles()``.
  var roles = PodRoles.none

  /// Creates a request. All other properties have their defaults.
  public init(
    project: Project, frameworkID: String = "", executorID: String, taskID: String, run: String,
    agentID: String = "", offeredPorts: [UInt16]? = nil, grace: Duration? = nil,
    timeouts: PodTimeouts = PodTimeouts()
  ) {
    self.project = project
    self.frameworkID = frameworkID
    self.executorID = executorID
    self.taskID = taskID
    self.run = run
    self.agentID = agentID
    self.offeredPorts = offeredPorts
    self.grace = grace
    self.timeouts = timeouts
  }

  /// Identifies the pod's objects, with this process as the executor. The cgroup is still empty.
  public var identity: PodIdentity {
    PodIdentity(
      frameworkID: frameworkID, executorID: executorID, taskID: taskID, run: run,
      agentID: agentID, incarnation: .current(), host: .current(), cgroupParent: "")
  }
}

/// Who runs a task's framework (mesos.v1.FrameworkInfo); empty if the agent doesn't report it.
public struct TaskOwner: Sendable, Equatable {
  /// The default user of the framework's tasks.
  public var user: String?
  /// The principal with which the framework authenticated.
  public var principal: String?
  /// The framework's roles.
  public var roles: [String]?

  /// Creates an unknown owner.
  public init() {}
}

/// Time limits for the phases of a pod's life.
public struct PodTimeouts: Sendable, Equatable {
  /// Limit from the start until the pod is running, pulls included.
  public var launch: Duration
  /// How long the engine may be unreachable before the pod fails.
  public var engine: Duration
  /// Limit for the removal of the pod.
  public var cleanup: Duration
  /// Interval at which the pod's containers are listed in addition to the engine's events; varied
  /// at random by up to a fifth.
  public var relist: Duration

  /// Creates time limits; the defaults are the documented ones.
  public init(
    launch: Duration = .seconds(280), engine: Duration = .seconds(180),
    cleanup: Duration = .seconds(120), relist: Duration = .seconds(60)
  ) {
    self.launch = launch
    self.engine = engine
    self.cleanup = cleanup
    self.relist = relist
  }
}

/// A state change that a pod reports to its owner before its outcome.
public enum PodUpdate: Sendable, Equatable {
  /// The pod is being created.
  case starting
  /// Every service is started and, if it has a healthcheck, healthy.
  case running(PodAddresses)
}

/// Addresses and ports at which a running pod can be reached.
public struct PodAddresses: Sendable, Equatable {
  /// Addresses of the pod's containers.
  public var addresses: [String]
  /// Published ports whose host port is known, in the order of the file.
  public var ports: [AssignedPort]
}

/// The final result of a pod.
public struct PodOutcome: Sendable, Equatable {
  /// The terminal states, which correspond to Mesos' task states.
  public enum State: Sendable, Equatable {
    /// All containers exited with 0.
    case finished
    /// A container's exit counts as a failure, or the pod could not be run.
    case failed
    /// The pod was requested to stop.
    case killed
  }
  /// A more exact reason for a failure.
  public enum Reason: Sendable, Equatable {
    /// A container was killed for exceeding its memory limit.
    case memoryLimit
    /// The containers wrote more than the task's disk limit.
    case diskLimit
  }
  /// The terminal state.
  public var state: State
  /// The explanation, in one line for people.
  public var message: String
  /// A more exact reason for a failure; nil for others.
  public var reason: Reason?
  /// The exit code of the main service that decided the outcome; nil if none did, or if there are
  /// several main services.
  public var mainExitCode: Int?
  /// Descriptions of the objects that could not be removed; empty after a complete removal.
  public var leftovers: [String]

  /// Creates an outcome.
  public init(state: State, message: String, reason: Reason? = nil, leftovers: [String] = []) {
    self.state = state
    self.message = message
    self.reason = reason
    self.leftovers = leftovers
  }
}
