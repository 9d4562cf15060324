import Compose

/// Options of a pod beyond its Compose file. Each is off by default.
package struct PodOptions: Sendable, Equatable {
  /// The meaning of a service's exit with 0.
  package enum Kind: String, Sendable, CaseIterable {
    /// The service has done its work. The pod has finished when all services have.
    case job
    /// Services run permanently, so the exit of one fails the pod. A service on which others wait
    /// with `service_completed_successfully` is preparation and may exit.
    case service
  }

  /// The images to remove when the pod has stopped, as in `docker compose down --rmi`.
  package enum ImageRemoval: String, Sendable, CaseIterable {
    /// None.
    case none
    /// Built images without a name of their own (`build` without `image`).
    case local
    /// The images of all services.
    case all
  }

  /// The action for a service without a restart policy when a restart of the engine stops its
  /// container.
  package enum EngineRestart: String, Sendable, CaseIterable {
    /// The pod fails.
    case fail
    /// The service is started again.
    case restart
  }

  /// The exits of main services that determine the pod's outcome.
  package enum Mains: String, Sendable, CaseIterable {
    /// The exit of the last one.
    case all
    /// The exit of the first one.
    case any
  }

  /// The network of the pod's shared network namespace; nil if services have networks of their own.
  package var sharedNetwork: String?
  /// Whether all services share one pid namespace.
  package var sharesPID = false
  /// The meaning of a service's exit with 0.
  package var kind = Kind.job
  /// Whether named volumes are kept after the pod, whoever stops it.
  package var keepsVolumes = false
  /// How long stopped containers and volumes are kept after a failure, in seconds; 0 to remove
  /// them.
  package var keepFailed: Int64 = 0
  /// The images to remove when the pod has stopped, if no other container uses them.
  package var imageRemoval = ImageRemoval.none
  /// The action for a service without a restart policy when the engine is restarted.
  package var onEngineRestart = EngineRestart.fail
  /// Separate files of each service's output in the sandbox; nil for none.
  package var splitLogs: LogRotation?
  /// The roles of services, which take precedence over the file's.
  package var roles: [String: ServiceRole] = [:]
  /// The exits of main services that determine the pod's outcome.
  package var mains = Mains.all
  /// The time limit of each final service in a pod that wasn't killed.
  package var finalTimeout = Duration.seconds(60)
  /// The action when a service is unhealthy, unless the service sets its own.
  package var onUnhealthy = FailureReaction.fail
  /// The action when a service exceeds its own memory limit and is killed, unless the service sets
  /// its own.
  package var onOutOfMemory = FailureReaction.fail
  /// The task's variables that its services get, unless a service sets its own.
  package var taskVariables = TaskVariables.none
  /// Whether its services get `/run/pod/task.json`, unless a service sets its own.
  package var hasTaskFile = false
  /// The service to which the task's checks apply, or ``sandboxChecks``; nil for the default.
  package var checkService: String?
  /// The action when the containers write more than the task's disk holds.
  package var disk = Disk.report
  /// Commands at events of the pod's life, in the order in which they run.
  package var hooks: [PodHook] = []

  /// Creates the default options.
  package init() {}

  /// Whether an infrastructure container holds namespaces for the services.
  package var needsInfra: Bool { sharedNetwork != nil || sharesPID }
}
