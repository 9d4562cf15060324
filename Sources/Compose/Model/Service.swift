import OrderedCollections
import YAML

/// One service of a project (Compose specification, "Services"). Lists keep the file's order.
package struct Service: Sendable {
  /// The key under `services:`.
  package var name: String
  /// The position in the file.
  package var position: SourcePosition
  /// `image:`.
  package var image: Located<String>?
  /// `build:`; paths are absolute.
  package var build: Build?
  /// `pull_policy:`; nil for `missing`; an image with `build:` is then built instead of pulled.
  package var pullPolicy: Located<PullPolicy>?
  /// The maximum age of an image before it is pulled again: `pull_policy:` daily, weekly,
  /// `every_…`, or refresh with `pull_refresh_after:`; nil for any age.
  package var pullAge: Duration?
  /// `command:`; nil keeps the image's, an empty list clears it.
  package var command: [String]?
  /// `entrypoint:`; nil keeps the image's, an empty list clears it.
  package var entrypoint: [String]?
  /// Variables from `environment:` and `env_file:`; nil unsets a variable.
  package var environment: OrderedDictionary<String, String?> = [:]
  /// Published ports, ranges expanded, in the order of the file.
  package var ports: [PublishedPort] = []
  /// `expose:`, ranges expanded.
  package var expose: [ContainerPort] = []
  /// `volumes:` and `tmpfs:`.
  package var mounts: [ServiceMount] = []
  /// `secrets:` and `configs:`.
  package var files: [FileMount] = []
  /// `volumes_from:`.
  package var volumesFrom: [Located<VolumesFrom>] = []
  /// Networks that the service joins, `default` if the file names none; empty with `network_mode`.
  package var networks: OrderedDictionary<String, NetworkAttachment> = [:]
  /// `network_mode:`, or Compose 1's `net:`.
  package var networkMode: Located<NamespaceMode>?
  /// `pid:`.
  package var pid: Located<NamespaceMode>?
  /// `ipc:`.
  package var ipc: Located<NamespaceMode>?
  /// `links:`.
  package var links: [Located<Link>] = []
  /// `external_links:` of the legacy format: containers outside the project.
  package var externalLinks: [Located<Link>] = []
  /// `depends_on:`, including the dependencies implied by links, volumes_from and shared
  /// namespaces.
  package var dependencies: OrderedDictionary<String, Dependency> = [:]
  /// `healthcheck:`; nil keeps the image's.
  package var healthcheck: Healthcheck?
  /// `restart:`; `no` by default.
  package var restart: RestartPolicy = .no
  /// The position of `restart:`.
  package var restartPosition: SourcePosition?
  /// The settings of `deploy.restart_policy` other than its condition.
  package var restartBounds = RestartBounds()
  /// `scale:`, or the replicas of `deploy:`; nil for one.
  package var scale: Located<Int>?
  /// `attach:`; false excludes the service's output from the pod's.
  package var isAttached = true
  /// `pre_start:`; each entry is a container with the service's settings, except the mounts, that
  /// runs before the service starts.
  package var preStart: [Service] = []
  /// `post_start:`; each command runs in the container after its start.
  package var postStart: [Hook] = []
  /// `pre_stop:`; each command runs in the container before it is stopped.
  package var preStop: [Hook] = []
  /// Labels from the file, each with its position.
  package var labels: OrderedDictionary<String, Located<String>> = [:]
  /// `container_name:`.
  package var containerName: Located<String>?
  /// `hostname:`.
  package var hostname: Located<String>?
  /// `domainname:`.
  package var domainname: String?
  /// `user:` in Docker's format: `uid[:gid]` or names.
  package var user: String?
  /// `working_dir:`.
  package var workingDir: String?
  /// `stop_signal:`.
  package var stopSignal: String?
  /// `stop_grace_period:`; nil for the engine's default of 10 s.
  package var stopGracePeriod: Duration?
  /// The memory limit: `mem_limit:`, or the limit of `deploy.resources`.
  package var memoryLimit: Limit<ByteSize>?
  /// The limit of memory plus swap, -1 for unlimited: `memswap_limit:`.
  package var memorySwapLimit: ByteSize?
  /// The soft memory limit: `mem_reservation:`, or the reservation of `deploy.resources`.
  package var memoryReservation: Limit<ByteSize>?
  /// The CPU limit in CPUs, fractions allowed: `cpus:`, or the limit of `deploy.resources`.
  package var cpus: Limit<Double>?
  /// The CPU reservation of `deploy.resources`, in CPUs.
  package var cpuReservation: Limit<Double>?
  /// The relative CPU weight: `cpu_shares:`.
  package var cpuShares: Int64?
  /// CPU time per period in microseconds: `cpu_quota:`.
  package var cpuQuota: Located<Int64>?
  /// The period in microseconds: `cpu_period:`.
  package var cpuPeriod: Located<Int64>?
  /// `cpuset:`.
  package var cpuset: String?
  /// `shm_size:`.
  package var shmSize: ByteSize?
  /// `cap_add:`.
  package var capAdd: [Located<String>] = []
  /// `cap_drop:`.
  package var capDrop: [String] = []
  /// `privileged:`.
  package var privileged: Located<Bool>?
  /// `read_only:`.
  package var readOnly = false
  /// `init:`; nil for the engine's default.
  package var initProcess: Bool?
  /// `tty:`.
  package var tty = false
  /// `stdin_open:`.
  package var stdinOpen = false
  /// `extra_hosts:`, host name and address, in order.
  package var extraHosts: [ExtraHost] = []
  /// `dns:`.
  package var dns: [String] = []
  /// `dns_search:`.
  package var dnsSearch: [String] = []
  /// `security_opt:`.
  package var securityOpt: [Located<String>] = []
  /// `devices:` as `host[:container[:permissions]]`.
  package var devices: [Located<String>] = []
  /// `dns_opt:`.
  package var dnsOptions: [String] = []
  /// `logging:`.
  package var logging: Logging?
  /// `x-pod:`.
  package var podSettings = ServicePodSettings()
  /// Resource settings other than memory and CPU limits.
  package var resources = Resources()
  /// Isolation settings.
  package var isolation = Isolation()
  /// `mac_address:`, for the first network that the service joins.
  package var macAddress: Located<String>?
  /// The positions of its keys, by path: `logging.options.max-size`.
  package var locations: [String: SourcePosition] = [:]

  /// A service with default settings.
  package init(name: String, position: SourcePosition) {
    self.name = name
    self.position = position
  }
}

/// `pull_policy:`.
package enum PullPolicy: String, Sendable {
  /// Pull before each start.
  case always
  /// Pull if the engine doesn't have the image.
  case missing
  /// Fail if the engine doesn't have the image.
  case never
  /// Build, never pull.
  case build
}

/// Whether a service is restarted when its container exits: `restart:`.
package enum RestartPolicy: Sendable, Equatable {
  /// Never restart.
  case no
  /// Always restart.
  case always
  /// Restart until the pod is stopped; within one pod the same as `always`.
  case unlessStopped
  /// Restart after a failure, at most `maximumRetries` times; nil for no limit.
  case onFailure(maximumRetries: Int?)
}

/// Bounds of restarts: `delay`, `max_attempts` and `window` of `deploy.restart_policy`.
package struct RestartBounds: Sendable, Equatable {
  /// The pause before each restart; nil for a back-off.
  package var delay: Duration?
  /// The maximum number of restarts with a policy that ignores the exit code; nil for no limit.
  package var attempts: Int?
  /// The run time after which a container counts as started successfully and the attempts are
  /// counted from zero again; nil for never.
  package var window: Duration?

  /// No bounds.
  package init() {}
}

/// A condition that a service waits for before it starts: one entry of `depends_on:`.
package struct Dependency: Sendable, Equatable {
  /// `condition:`.
  package enum Condition: String, Sendable {
    /// The dependency is started.
    case started = "service_started"
    /// The dependency's healthcheck passes.
    case healthy = "service_healthy"
    /// The dependency has exited with 0.
    case completedSuccessfully = "service_completed_successfully"
  }
  /// The position of the entry, or of the link or namespace mode that implies it.
  package var position: SourcePosition
  /// The condition to wait for.
  package var condition: Condition
  /// `restart:`: restart this service when the dependency is restarted.
  package var restart: Bool
  /// `required:`; false if the dependency may be missing or fail.
  package var required: Bool
  /// Creates a dependency.
  package init(
    position: SourcePosition, condition: Condition = .started, restart: Bool = false,
    required: Bool = true
  ) {
    self.position = position
    self.condition = condition
    self.restart = restart
    self.required = required
  }
}

/// `healthcheck:`; a nil field keeps the image's value.
package struct Healthcheck: Sendable, Equatable {
  /// The test in Docker's format: `["CMD", …]`, `["CMD-SHELL", …]` or `["NONE"]`.
  package var test: [String]?
  /// The time between two checks.
  package var interval: Duration?
  /// The maximum duration of one check.
  package var timeout: Duration?
  /// The time after the start in which failures don't count.
  package var startPeriod: Duration?
  /// The time between two checks during the start period.
  package var startInterval: Duration?
  /// The number of consecutive failures that make a container unhealthy.
  package var retries: Int?
  /// Creates a healthcheck.
  package init(
    test: [String]? = nil, interval: Duration? = nil, timeout: Duration? = nil,
    startPeriod: Duration? = nil, startInterval: Duration? = nil, retries: Int? = nil
  ) {
    self.test = test
    self.interval = interval
    self.timeout = timeout
    self.startPeriod = startPeriod
    self.startInterval = startInterval
    self.retries = retries
  }
}

/// `logging:`.
package struct Logging: Sendable, Equatable {
  /// The position in the file.
  package var position: SourcePosition
  /// The driver; nil for the engine's default.
  package var driver: Located<String>?
  /// Options for the driver.
  package var options: OrderedDictionary<String, String>
  /// Creates a logging section.
  package init(
    position: SourcePosition, driver: Located<String>? = nil,
    options: OrderedDictionary<String, String> = [:]
  ) {
    self.position = position
    self.driver = driver
    self.options = options
  }
}
