import Compose
import PodIdentity

/// The input from which a pod is planned and started: a project and its task.
package struct PodRequest: Sendable {
  /// The Compose project.
  package var project: Project
  /// Mesos' framework ID; empty outside Mesos.
  package var frameworkID: String
  /// Mesos' executor ID.
  package var executorID: String
  /// Mesos' task ID.
  package var taskID: String
  /// Mesos' container ID: one launch of an executor.
  package var run: String
  /// Mesos' agent ID; empty outside Mesos.
  package var agentID: String
  /// Offered host ports in the offer's order; nil if the task has no `ports` resource.
  package var offeredPorts: [UInt16]?
  /// Time limit for stopping the whole pod; nil for the longest `stop_grace_period` of its
  /// services.
  package var grace: Duration?
  /// Time limits for the phases of the pod's life.
  package var timeouts: PodTimeouts
  /// Labels of the task. The containers get them too, except for keys that the file or the contract
  /// sets.
  package var taskLabels: [String: String] = [:]
  /// The resources of the task; nil if they are unknown.
  package var limits: TaskLimits?
  /// What the operator permits the pod to use on the host.
  package var policy = PodPolicy.unrestricted
  /// The operator's program that provides the values of external secrets and configs; nil for none.
  package var secretCommand: String?
  /// Directories in which the operator's programs are searched; nil for the default ones.
  package var programPath: [String]?
  /// Who runs the task's framework, as the agent reports it.
  package var owner = TaskOwner()
  /// The operator's settings for slices.
  package var slices = SliceSettings()
  /// The operator's defaults for containers whose file doesn't set the key.
  package var defaults = OperatorDefaults()
  /// Where the engine writes the output of services without `logging:`.
  package var logging = PodLogging.bounded
  /// Warnings of the pod's owner, which the pod logs.
  package var warnings: [String] = []
  /// Messages of the pod's owner, which the pod logs at level info.
  package var notes: [String] = []
  /// The directory in which hooks run; nil for the project's directory.
  package var sandbox: String?
  /// Paths in the sandbox at which the agent has mounted persistent volumes.
  package var persistentVolumes: [String] = []
  /// Proxy variables for containers and builds. A service's own variable of the same name wins.
  package var proxies: [String: String] = [:]
  /// The host's name, as the agent reports it.
  package var hostName = ""
  /// Variables of the executor's environment that describe the task:
  /// ``applyTaskVariables(environment:)``.
  var surroundings: [String: String] = [:]
  /// The program's version, for the report of the pod's end.
  package var programVersion = ""
  /// Options of the pod that its Compose file doesn't set.
  package var options = PodOptions()
  /// What the exit of each service means for the pod: ``applyRoles()``.
  var roles = PodRoles.none

  /// Creates a request. All other properties have their defaults.
  package init(
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
  package var identity: PodIdentity {
    PodIdentity(
      frameworkID: frameworkID, executorID: executorID, taskID: taskID, run: run,
      agentID: agentID, incarnation: .current(), host: .current(), cgroupParent: "")
  }
}

/// Who runs a task's framework (mesos.v1.FrameworkInfo); empty if the agent doesn't report it.
package struct TaskOwner: Sendable, Equatable {
  /// The default user of the framework's tasks.
  package var user: String?
  /// The principal with which the framework authenticated.
  package var principal: String?
  /// The framework's roles.
  package var roles: [String]?

  /// Creates an unknown owner.
  package init() {}
}

/// Time limits for the phases of a pod's life.
package struct PodTimeouts: Sendable, Equatable {
  /// Limit from the start until the pod is running, pulls included.
  package var launch: Duration
  /// How long the engine may be unreachable before the pod fails.
  package var engine: Duration
  /// Limit for the removal of the pod.
  package var cleanup: Duration
  /// Interval at which the pod's containers are listed in addition to the engine's events; varied
  /// at random by up to a fifth.
  package var relist: Duration

  /// Creates time limits; the defaults are the documented ones.
  package init(
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
package enum PodUpdate: Sendable, Equatable {
  /// The pod is being created.
  case starting
  /// Every service is started and, if it has a healthcheck, healthy.
  case running(PodAddresses)
}

/// Addresses and ports at which a running pod can be reached.
package struct PodAddresses: Sendable, Equatable {
  /// Addresses of the pod's containers.
  package var addresses: [String]
  /// Published ports whose host port is known, in the order of the file.
  package var ports: [AssignedPort]
}

/// The final result of a pod.
package struct PodOutcome: Sendable, Equatable {
  /// The terminal states, which correspond to Mesos' task states.
  package enum State: Sendable, Equatable {
    /// All containers exited with 0.
    case finished
    /// A container's exit counts as a failure, or the pod could not be run.
    case failed
    /// The pod was requested to stop.
    case killed
  }
  /// A more exact reason for a failure.
  package enum Reason: Sendable, Equatable {
    /// A container was killed for exceeding its memory limit.
    case memoryLimit
    /// The containers wrote more than the task's disk limit.
    case diskLimit
  }
  /// The terminal state.
  package var state: State
  /// The explanation, in one line for people.
  package var message: String
  /// A more exact reason for a failure; nil for others.
  package var reason: Reason?
  /// The exit code of the main service that decided the outcome; nil if none did, or if there are
  /// several main services.
  package var mainExitCode: Int?
  /// Descriptions of the objects that could not be removed; empty after a complete removal.
  package var leftovers: [String]

  /// Creates an outcome.
  package init(state: State, message: String, reason: Reason? = nil, leftovers: [String] = []) {
    self.state = state
    self.message = message
    self.reason = reason
    self.leftovers = leftovers
  }
}
