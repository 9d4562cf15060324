import Compose

/// What a pod does beyond its Compose file, each of it off unless asked for.
public struct PodOptions: Sendable, Equatable {
  /// What it means that services end with 0.
  public enum Kind: String, Sendable, CaseIterable {
    /// They have done their work: the pod has finished when all have.
    case job
    /// They are to run for good, and a pod of which one has ended has failed. One that others wait for to complete
    /// (`service_completed_successfully`) prepares the way, and may end.
    case service
  }

  /// Which images are removed at the end, as `docker compose down --rmi` has it.
  public enum ImageRemoval: String, Sendable, CaseIterable {
    /// None.
    case none
    /// Those that were built and have no name of their own (`build` without `image`).
    case local
    /// Those of every service.
    case all
  }

  /// What follows for a service without a restart policy when the engine is restarted and takes its container down.
  public enum EngineRestart: String, Sendable, CaseIterable {
    /// The pod fails.
    case fail
    /// The service is started again.
    case restart
  }

  /// Which exits of main services decide the pod's end.
  public enum Mains: String, Sendable, CaseIterable {
    /// That of the last one.
    case all
    /// That of the first one.
    case any
  }

  /// The network that the pod's one network namespace is on; nil where services have networks of their own.
  public var sharedNetwork: String?
  /// Whether all services live in one pid namespace.
  public var sharesPID = false
  /// What it means that services end with 0.
  public var kind = Kind.job
  /// Whether named volumes stay when the pod has ended, whoever ends it.
  public var keepsVolumes = false
  /// How long stopped containers and volumes stay after a failure, in seconds; 0 for not at all.
  public var keepFailed: Int64 = 0
  /// Which images are removed at the end, if no other container uses them.
  public var imageRemoval = ImageRemoval.none
  /// What follows for a service without a restart policy when the engine is restarted.
  public var onEngineRestart = EngineRestart.fail
  /// Files of each service's output in the sandbox; nil for none.
  public var splitLogs: LogRotation?
  /// The roles of services, which take the place of the file's.
  public var roles: [String: ServiceRole] = [:]
  /// Which exits of main services decide the pod's end.
  public var mains = Mains.all
  /// How long each final service may take where the pod wasn't killed.
  public var finalTimeout = Duration.seconds(60)
  /// What follows when a service is unhealthy, unless the service says itself.
  public var onUnhealthy = FailureReaction.fail
  /// What follows when a service's own memory limit ends it, unless the service says itself.
  public var onOutOfMemory = FailureReaction.fail
  /// Which variables of the task its services get, unless a service says itself.
  public var taskVariables = TaskVariables.none
  /// Whether its services get `/run/pod/task.json`, unless a service says itself.
  public var hasTaskFile = false
  /// The service that the task's checks are of, or ``sandboxChecks``; nil where nobody names one.
  public var checkService: String?
  /// What follows when the containers write more than the task's disk holds.
  public var disk = Disk.report
  /// Commands at turns of the pod's life, in the order in which they run.
  public var hooks: [PodHook] = []

  /// Nothing asked for.
  public init() {}

  /// Whether an infrastructure container holds namespaces for the services.
  public var needsInfra: Bool { sharedNetwork != nil || sharesPID }
}
