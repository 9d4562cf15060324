import OrderedCollections
import YAML

/// One service of a project (Compose specification, "Services"). Lists keep the file's order.
public struct Service: Sendable {
  /// The key under `services:`.
  public var name: String
  /// The position in the file.
  public var position: SourcePosition
  /// `image:`.
  public var image: Located<String>?
  /// `build:`; paths are absolute.
  public var build: Build?
  /// `pull_policy:`; nil for `missing`; an image with `build:` is then built instead of pulled.
  public var pullPolicy: Located<PullPolicy>?
  /// The maximum age of an image before it is pulled again: `pull_policy:` daily, weekly,
  /// `every_…`, or refresh with `pull_refresh_after:`; nil for any age.
  public var pullAge: Duration?
  /// `command:`; nil keeps the image's, an empty list clears it.
  public var command: [String]?
  /// `entrypoint:`; nil keeps the image's, an empty list clears it.
  public var entrypoint: [String]?
  /// Variables from `environment:` and `env_file:`; nil unsets a variable.
  public var environment: OrderedDictionary<String, String?> = [:]
  /// Published ports, ranges expanded, in the order of the file.
  public var ports: [PublishedPort] = []
  /// `expose:`, ranges expanded.
  public var expose: [ContainerPort] = []
  /// `volumes:` and `tmpfs:`.
  public var mounts: [ServiceMount] = []
  /// `secrets:` and `configs:`.
  public var files: [FileMount] = []
  /// `volumes_from:`.
  public var volumesFrom: [Located<VolumesFrom>] = []
  /// Networks that the service joins, `default` if the file names none; empty with `network_mode`.
  public var networks: OrderedDictionary<String, NetworkAttachment> = [:]
  /// `network_mode:`, or Compose 1's `net:`.
  public var networkMode: Located<NamespaceMode>?
  /// `pid:`.
  public var pid: Located<NamespaceMode>?
  /// `ipc:`.
  public var ipc: Located<NamespaceMode>?
  /// `links:`.
  public var links: [Located<Link>] = []
  /// `external_links:` of the legacy format: containers outside the project.
  public var externalLinks: [Located<Link>] = []
  /// `depends_on:`, including the dependencies implied by links, volumes_from and shared
  /// namespaces.
  public var dependencies: OrderedDictionary<String, Dependency> = [:]
  /// `healthcheck:`; nil keeps the image's.
  public var healthcheck: Healthcheck?
  /// `restart:`; `no` by default.
  public var restart: RestartPolicy = .no
  /// The position of `restart:`.
  public var restartPosition: SourcePosition?
  /// The settings of `deploy.restart_policy` other than its condition.
  public var restartBounds = RestartBounds()
  /// `scale:`, or the replicas of `deploy:`; nil for one.
  public var scale: Located<Int>?
  /// `attach:`; false excludes the service's output from the pod's.
  public var isAttached = true
  /// `pre_start:`; each entry is a container with the service's settings, except the mounts, that
  /// runs before the service starts.
  public var preStart: [Service] = []
  /// `post_start:`; each command runs in the container after its start.
  public var postStart: [Hook] = []
  /// `pre_stop:`; each command runs in the container before it is stopped.
  public var preStop: [Hook] = []
  /// Labels from the file, each with its position.
  public var labels: OrderedDictionary<String, Located<String>> = [:]
  /// `container_name:`.
  public var containerName: Located<String>?
  /// `hostname:`.
  public var hostname: Located<String>?
  /// `domainname:`.
  public var domainname: String?
  /// `user:` in Docker's format: `uid[:gid]` or names.
  public var user: String?
  /// `working_dir:`.
  public var workingDir: String?
  /// `stop_signal:`.
  public var stopSignal: String?
  /// `stop_grace_period:`; nil for the engine's default of 10 s.
  public var stopGracePeriod: Duration?
  /// The memory limit: `mem_limit:`, or the limit of `deploy.resources`.
  public var memoryLimit: Limit<ByteSize>?
  /// The limit of memory plus swap, -1 for unlimited: `memswap_limit:`.
  public var memorySwapLimit: ByteSize?
  /// The soft memory limit: `mem_reservation:`, or the reservation of `deploy.resources`.
  public var memoryReservation: Limit<ByteSize>?
  /// The CPU limit in CPUs, fractions allowed: `cpus:`, or the limit of `deploy.resources`.
  public var cpus: Limit<Double>?
  /// The CPU reservation of `deploy.resources`, in CPUs.
  public var cpuReservation: Limit<Double>?
  /// The relative CPU weight: `cpu_shares:`.
  public var cpuShares: Int64?
  /// CPU time per period in microseconds: `cpu_quota:`.
  public var cpuQuota: Located<Int64>?
  /// The period in microseconds: `cpu_period:`.
  public var cpuPeriod: Located<Int64>?
  /// `cpuset:`.
  public var cpuset: String?
  /// `shm_size:`.
  public var shmSize: ByteSize?
  /// `cap_add:`.
  public var capAdd: [Located<String>] = []
  /// `cap_drop:`.
  public var capDrop: [String] = []
  /// `privileged:`.
  public var privileged: Located<Bool>?
  /// `read_only:`.
  public var readOnly = false
  /// `init:`; nil for the engine's default.
  public var initProcess: Bool?
  /// `tty:`.
  public var tty = false
  /// `stdin_open:`.
  public var stdinOpen = false
  /// `extra_hosts:`, host name and address, in order.
  public var extraHosts: [ExtraHost] = []
  /// `dns:`.
  public var dns: [String] = []
  /// `dns_search:`.
  public var dnsSearch: [String] = []
  /// `security_opt:`.
  public var securityOpt: [Located<String>] = []
  /// `devices:` as `host[:container[:permissions]]`.
  public var devices: [Located<String>] = []
  /// `dns_opt:`.
  public var dnsOptions: [String] = []
  /// `logging:`.
  public var logging: Logging?
  /// `x-pod:`.
  public var podSettings = ServicePodSettings()
  /// Resource settings other than memory and CPU limits.
  public var resources = Resources()
  /// Isolation settings.
  public var isolation = Isolation()
  /// `mac_address:`, for the first network that the service joins.
  public var macAddress: Located<String>?
  /// The positions of its keys, by path: `logging.options.max-size`.
  public var places: [String: SourcePosition] = [:]

  /// A service with default settings.
  public init(name: String, position: SourcePosition) {
    self.name = name
    self.position = position
  }
}

/// `pull_policy:`.
public enum PullPolicy: String, Sendable {
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
public enum RestartPolicy: Sendable, Equatable {
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
public struct RestartBounds: Sendable, Equatable {
  /// The pause before each restart; nil for a back-off.
  public var delay: Duration?
  /// The maximum number of restarts with a policy that ignores the exit code; nil for no limit.
  public var attempts: Int?
  /// The run time after which a container counts as started successfully and the attempts are
  /// counted from zero again; nil for never.
  public var window: Duration?

  /// No bounds.
  public init() {}
}

/// A condition that a service waits for before it starts: one entry of `depends_on:`.
public struct Dependency: Sendable, Equatable {
  /// `condition:`.
  public enum Condition: String, Sendable {
    /// The dependency is started.
    case started = "service_started"
    /// The dependency's healthcheck passes.
    case healthy = "service_healthy"
    /// The dependency has exited with 0.
    case completedSuccessfully = "service_completed_successfully"
  }
  /// The position of the entry, or of the link or namespace mode that implies it.
  public var position: SourcePosition
  /// The condition to wait for.
  public var condition: Condition
  /// `restart:`: restart this service when the dependency is restarted.
  public var restart: Bool
  /// `required:`; false if the dependency may be missing or fail.
  public var required: Bool
  /// Creates a dependency.
  public init(
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
public struct Healthcheck: Sendable, Equatable {
  /// The test in Docker's format: `["CMD", …]`, `["CMD-SHELL", …]` or `["NONE"]`.
  public var test: [String]?
  /// The time between two checks.
  public var interval: Duration?
  /// The maximum duration of one check.
  public var timeout: Duration?
  /// The time after the start in which failures don't count.
  public var startPeriod: Duration?
  /// The time between two checks during the start period.
  public var startInterval: Duration?
  /// The number of consecutive failures that make a container unhealthy.
  public var retries: Int?
  /// Creates a healthcheck.
  public init(
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
public struct Logging: Sendable, Equatable {
  /// The position in the file.
  public var position: SourcePosition
  /// The driver; nil for the engine's default.
  public var driver: Located<String>?
  /// Options for the driver.
  public var options: OrderedDictionary<String, String>
  /// Creates a logging section.
  public init(
    position: SourcePosition, driver: Located<String>? = nil,
    options: OrderedDictionary<String, String> = [:]
  ) {
    self.position = position
    self.driver = driver
    self.options = options
  }
}
