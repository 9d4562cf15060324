import Compose
import PodIdentity

/// What a pod is made from: a project, and the task that it is for.
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
  /// Offered host ports in their order; nil where the task has no ports resource.
  public var offeredPorts: [UInt16]?
  /// How long the whole pod may take to stop; nil for the longest `stop_grace_period` of its services.
  public var grace: Duration?
  /// How long things may take.
  public var timeouts: PodTimeouts
  /// Labels of the task, which its containers bear too unless the file or the contract sets the key.
  public var taskLabels: [String: String] = [:]
  /// What the task was given; nil where nobody says.
  public var limits: TaskLimits?
  /// What the pod may ask of the host.
  public var policy = PodPolicy.unrestricted
  /// The operator's program that gives the values of external secrets and configs; nil for none.
  public var secretCommand: String?
  /// Directories in which the operator's programs are looked for; nil for the usual ones.
  public var programPath: [String]?
  /// Who the task's framework is, as the agent says.
  public var owner = TaskOwner()
  /// What the operator says of slices.
  public var slices = SliceSettings()
  /// What the operator gives containers whose file says nothing of it.
  public var defaults = OperatorDefaults()
  /// Where the engine puts the output of services without `logging:`.
  public var logging = PodLogging.bounded
  /// What its owner has to warn about, for the log.
  public var warnings: [String] = []
  /// What its owner has to say of it, for the log.
  public var notes: [String] = []
  /// Where hooks run; nil for the project's folder.
  public var sandbox: String?
  /// Where the agent has mounted persistent volumes, from the sandbox.
  public var persistentVolumes: [String] = []
  /// Variables that lead its containers and builds to a proxy, unless they have some of these names themselves.
  public var proxies: [String: String] = [:]
  /// The host's name, as its agent says it.
  public var hostName = ""
  /// What the executor's environment says of its task: ``takeTaskVariables(environment:)``.
  var surroundings: [String: String] = [:]
  /// The version of the program, for the report of the pod's end.
  public var programVersion = ""
  /// What the pod does beyond its Compose file.
  public var options = PodOptions()
  /// What the exit of each service means to the pod: ``applyRoles()``.
  var roles = PodRoles.none

  /// Makes a request.
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

  /// What marks the pod's objects, but for their cgroup: this process as the pod's executor.
  public var identity: PodIdentity {
    PodIdentity(
      frameworkID: frameworkID, executorID: executorID, taskID: taskID, run: run,
      agentID: agentID, incarnation: .current(), host: .current(), cgroupParent: "")
  }
}

/// Who runs a task's framework (mesos.v1.FrameworkInfo); empty where the agent doesn't say.
public struct TaskOwner: Sendable, Equatable {
  /// The user that its tasks run as unless they say otherwise.
  public var user: String?
  /// The principal that it authenticated as.
  public var principal: String?
  /// Its roles.
  public var roles: [String]?

  /// Makes an owner of whom nothing is known.
  public init() {}
}

/// How long a pod may take over each part of its life.
public struct PodTimeouts: Sendable, Equatable {
  /// From the start to RUNNING, pulls included.
  public var launch: Duration
  /// How long the engine may be away before the pod is given up.
  public var engine: Duration
  /// How long removing the pod may take.
  public var cleanup: Duration
  /// How often the pod's containers are listed beside the engine's events, give or take a fifth.
  public var relist: Duration

  /// Makes timeouts; the defaults are those of the documentation.
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

/// A change in a pod's life that its owner hears of while it lives.
public enum PodUpdate: Sendable, Equatable {
  /// The pod is being put together.
  case starting
  /// Every service is started and, where it has a healthcheck, healthy.
  case running(PodAddresses)
}

/// Where a running pod can be reached.
public struct PodAddresses: Sendable, Equatable {
  /// Addresses of the pod's containers.
  public var addresses: [String]
  /// Published ports in the order of the file, those whose host port is known.
  public var ports: [AssignedPort]
}

/// How a pod ended.
public struct PodOutcome: Sendable, Equatable {
  /// The kinds of ends, as Mesos' task states have them.
  public enum State: Sendable, Equatable {
    /// All containers ended with 0.
    case finished
    /// A container violated its policy, or the pod could not be run.
    case failed
    /// It was told to end.
    case killed
  }
  /// Why a pod failed, where there is more to say than that it did.
  public enum Reason: Sendable, Equatable {
    /// A container was killed for exceeding its memory limit.
    case memoryLimit
    /// The containers wrote more than the task's disk holds.
    case diskLimit
  }
  /// How it ended.
  public var state: State
  /// One line for people.
  public var message: String
  /// Why it failed.
  public var reason: Reason?
  /// The exit code of the main service that decided; nil where none did, or it isn't the only one.
  public var mainExitCode: Int?
  /// What could not be removed, in words; empty after a clean end.
  public var leftovers: [String]

  /// Makes an outcome.
  public init(state: State, message: String, reason: Reason? = nil, leftovers: [String] = []) {
    self.state = state
    self.message = message
    self.reason = reason
    self.leftovers = leftovers
  }
}
