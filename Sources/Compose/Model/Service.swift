import OrderedCollections
import YAML

/// One service of a project (Compose specification, "Services"). Lists keep the file's order.
public struct Service: Sendable {
  /// The key under `services:`.
  public var name: String
  /// Where the service stands.
  public var position: SourcePosition
  /// `image:`.
  public var image: Located<String>?
  /// `build:`; paths are absolute.
  public var build: Build?
  /// `pull_policy:`; nil means missing, where `build:` stands built rather than pulled.
  public var pullPolicy: Located<PullPolicy>?
  /// How old an image may be that is not pulled again: `pull_policy:` daily, weekly, `every_…`, or
  /// refresh with `pull_refresh_after:`; nil for any age.
  public var pullAge: Duration?
  /// `command:`; nil keeps the image's, an empty list clears it.
  public var command: [String]?
  /// `entrypoint:`; nil keeps the image's, an empty list clears it.
  public var entrypoint: [String]?
  /// Variables from `environment:` and `env_file:`; nil is a variable to unset.
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
  /// Networks that the service joins, `default` where the file names none; empty under `network_mode`.
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
  /// `depends_on:`, with what links, volumes_from and shared namespaces imply.
  public var dependencies: OrderedDictionary<String, Dependency> = [:]
  /// `healthcheck:`; nil keeps the image's.
  public var healthcheck: Healthcheck?
  /// `restart:`; `no` where the file says nothing.
  public var restart: RestartPolicy = .no
  /// Where `restart:` stands.
  public var restartPosition: SourcePosition?
  /// What `deploy.restart_policy` says beyond its condition.
  public var restartBounds = RestartBounds()
  /// `scale:`, or the replicas of `deploy:`; nil for one.
  public var scale: Located<Int>?
  /// `attach:`; false keeps its output out of the pod's.
  public var isAttached = true
  /// `pre_start:`, each a container like the service's own that runs before it starts, with its own mounts alone.
  public var preStart: [Service] = []
  /// `post_start:`, each run in the container once it has started.
  public var postStart: [Hook] = []
  /// `pre_stop:`, each run in the container before it is stopped.
  public var preStop: [Hook] = []
  /// Labels from the file, each with its place.
  public var labels: OrderedDictionary<String, Located<String>> = [:]
  /// `container_name:`.
  public var containerName: Located<String>?
  /// `hostname:`.
  public var hostname: Located<String>?
  /// `domainname:`.
  public var domainname: String?
  /// `user:`, as Docker takes it: `uid[:gid]` or names.
  public var user: String?
  /// `working_dir:`.
  public var workingDir: String?
  /// `stop_signal:`.
  public var stopSignal: String?
  /// `stop_grace_period:`; nil for the engine's default of 10 s.
  public var stopGracePeriod: Duration?
  /// Memory limit: `mem_limit:`, or the limit of `deploy.resources`.
  public var memoryLimit: Limit<ByteSize>?
  /// Memory and swap, -1 for no limit: `memswap_limit:`.
  public var memorySwapLimit: ByteSize?
  /// Soft memory limit: `mem_reservation:`, or the reservation of `deploy.resources`.
  public var memoryReservation: Limit<ByteSize>?
  /// Processors, fractions allowed: `cpus:`, or the limit of `deploy.resources`.
  public var cpus: Limit<Double>?
  /// The processors that `deploy.resources` reserves, as the file has them.
  public var cpuReservation: Limit<Double>?
  /// Relative weight: `cpu_shares:`.
  public var cpuShares: Int64?
  /// Microseconds of processor time in each period: `cpu_quota:`.
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
  /// What it may use of the host.
  public var resources = Resources()
  /// How it is set apart from the host.
  public var isolation = Isolation()
  /// `mac_address:`, for the first network that it joins.
  public var macAddress: Located<String>?
  /// Where its keys stand, by their path: `logging.options.max-size`.
  public var places: [String: SourcePosition] = [:]

  /// A service with nothing but its name.
  public init(name: String, position: SourcePosition) {
    self.name = name
    self.position = position
  }
}

/// `pull_policy:`.
public enum PullPolicy: String, Sendable {
  /// Pull before each start.
  case always
  /// Pull where the engine doesn't have the image.
  case missing
  /// Fail where the engine doesn't have the image.
  case never
  /// Build, never pull.
  case build
}

/// What a service does when its container ends: `restart:`.
public enum RestartPolicy: Sendable, Equatable {
  /// Never started again.
  case no
  /// Always started again.
  case always
  /// Always started again until the pod is stopped; within one pod the same as `always`.
  case unlessStopped
  /// Started again after a failure, at most so many times; nil for no bound.
  case onFailure(maximumRetries: Int?)
}

/// How often and when a service is started again: `delay`, `max_attempts` and `window` of `deploy.restart_policy`.
public struct RestartBounds: Sendable, Equatable {
  /// The pause before each start; nil for a back-off.
  public var delay: Duration?
  /// How often it is started again where it is so whatever its exit code; nil for no bound.
  public var attempts: Int?
  /// A container that has run for so long counts as started with success, and attempts are counted from the beginning; nil
  /// for never.
  public var window: Duration?

  /// No bounds.
  public init() {}
}

/// What a service waits for before it starts: one entry of `depends_on:`.
public struct Dependency: Sendable, Equatable {
  /// `condition:`.
  public enum Condition: String, Sendable {
    /// The other is started.
    case started = "service_started"
    /// The other's healthcheck passes.
    case healthy = "service_healthy"
    /// The other has ended with 0.
    case completedSuccessfully = "service_completed_successfully"
  }
  /// Where it stands; the place of the link or mode that implies it, else.
  public var position: SourcePosition
  /// What to wait for.
  public var condition: Condition
  /// `restart:`, start this service again when the other is restarted.
  public var restart: Bool
  /// `required:`; false lets the other be missing or fail.
  public var required: Bool
  /// Makes a dependency.
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
  /// The test in Docker's form: `["CMD", …]`, `["CMD-SHELL", …]` or `["NONE"]`.
  public var test: [String]?
  /// The time between two checks.
  public var interval: Duration?
  /// The time that one check may take.
  public var timeout: Duration?
  /// The time after the start in which a failure doesn't count.
  public var startPeriod: Duration?
  /// The time between two checks during the start period.
  public var startInterval: Duration?
  /// Failures in a row that make it unhealthy.
  public var retries: Int?
  /// Makes a healthcheck.
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
  /// Where it stands.
  public var position: SourcePosition
  /// The driver; nil for the engine's default.
  public var driver: Located<String>?
  /// Options for the driver.
  public var options: OrderedDictionary<String, String>
  /// Makes a logging section.
  public init(
    position: SourcePosition, driver: Located<String>? = nil,
    options: OrderedDictionary<String, String> = [:]
  ) {
    self.position = position
    self.driver = driver
    self.options = options
  }
}
