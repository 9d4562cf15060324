/// How a new container uses the host (Engine API, "HostConfig" and "Resources"). What is nil is not sent.
public struct HostConfig: Sendable, Encodable {
  /// Bind mounts and named volumes in the short form, `source:target[:options]`.
  public var binds: [String]?
  /// Mounts in the long form.
  public var mounts: [Mount]?
  /// Temporary file systems: mount options by path.
  public var tmpfs: [String: String]?
  /// `bridge`, `host`, `none`, `container:ID` or a network's name.
  public var networkMode: String?
  /// `host` or `container:ID`.
  public var pidMode: String?
  /// `none`, `private`, `shareable`, `host` or `container:ID`.
  public var ipcMode: String?
  /// `host`.
  public var utsMode: String?
  /// `host`.
  public var usernsMode: String?
  /// `private` or `host`.
  public var cgroupnsMode: String?
  /// Published ports, by `80/tcp`.
  public var portBindings: [String: [PortBinding]]?
  /// What the engine does when the container ends.
  public var restartPolicy: RestartPolicy?
  /// Capabilities to add.
  public var capAdd: [String]?
  /// Capabilities to drop.
  public var capDrop: [String]?
  /// Whether the container may do what the host's root may.
  public var privileged: Bool?
  /// Whether the root file system is read-only.
  public var readonlyRootfs: Bool?
  /// Whether an init process reaps zombies inside.
  public var `init`: Bool?
  /// Lines for /etc/hosts, as `name:address`.
  public var extraHosts: [String]?
  /// Addresses of name servers.
  public var dns: [String]?
  /// Search domains.
  public var dnsSearch: [String]?
  /// Resolver options.
  public var dnsOptions: [String]?
  /// Links on the default bridge, as `container:alias`.
  public var links: [String]?
  /// Containers to take volumes from, as `container[:ro|:rw]`.
  public var volumesFrom: [String]?
  /// Security options: labels, seccomp, apparmor, no-new-privileges.
  public var securityOpt: [String]?
  /// Devices of the host.
  public var devices: [DeviceMapping]?
  /// Devices that a driver provides, such as GPUs.
  public var deviceRequests: [DeviceRequest]?
  /// Rules for the devices cgroup, as `c 13:* rwm`.
  public var deviceCgroupRules: [String]?
  /// Resource limits of the process.
  public var ulimits: [Ulimit]?
  /// Kernel parameters of the container's namespaces.
  public var sysctls: [String: String]?
  /// The log driver and its options.
  public var logConfig: LogConfig?
  /// The cgroup below which the container's is made.
  public var cgroupParent: String?
  /// Memory limit in bytes.
  public var memory: Int?
  /// Limit of memory and swap together in bytes; -1 is no limit on swap.
  public var memorySwap: Int?
  /// Soft memory limit in bytes.
  public var memoryReservation: Int?
  /// 0 to 100.
  public var memorySwappiness: Int?
  /// Processors times 10⁹.
  public var nanoCpus: Int?
  /// Weight against other containers; 1024 is the default.
  public var cpuShares: Int?
  /// Microseconds of processor time in each period.
  public var cpuQuota: Int?
  /// The length of a CFS period in microseconds.
  public var cpuPeriod: Int?
  /// The length of a real-time period in microseconds.
  public var cpuRealtimePeriod: Int?
  /// Microseconds of real-time scheduling in each period.
  public var cpuRealtimeRuntime: Int?
  /// Processors to run on, as `0-2,4`.
  public var cpusetCpus: String?
  /// The most processes; 0 or -1 is no limit.
  public var pidsLimit: Int?
  /// Size of /dev/shm in bytes.
  public var shmSize: Int?
  /// Whether the kernel's OOM killer spares the container (cgroup v1).
  public var oomKillDisable: Bool?
  /// Adjusts the OOM score, -1000 to 1000.
  public var oomScoreAdj: Int?
  /// Further groups of the process.
  public var groupAdd: [String]?
  /// The OCI runtime.
  public var runtime: String?
  /// Options of the storage driver.
  public var storageOpt: [String: String]?
  /// Isolation technology (Windows).
  public var isolation: String?
  /// Annotations passed to the runtime (API 1.43).
  public var annotations: [String: String]?
  /// Paths hidden in the container; nil keeps the engine's list.
  public var maskedPaths: [String]?
  /// Paths read-only in the container; nil keeps the engine's list.
  public var readonlyPaths: [String]?
  /// Block I/O weight, 10 to 1000.
  public var blkioWeight: Int?
  /// Block I/O weight per device.
  public var blkioWeightDevice: [DeviceWeight]?
  /// Most bytes per second read from a device.
  public var blkioDeviceReadBps: [DeviceRate]?
  /// Most bytes per second written to a device.
  public var blkioDeviceWriteBps: [DeviceRate]?
  /// Most reads per second from a device.
  public var blkioDeviceReadIOps: [DeviceRate]?
  /// Most writes per second to a device.
  public var blkioDeviceWriteIOps: [DeviceRate]?

  /// All unset.
  public init() {}

  package enum CodingKeys: String, EngineKey, CaseIterable {
    case binds, mounts, tmpfs, networkMode, pidMode, ipcMode, utsMode = "UTSMode", usernsMode
    case cgroupnsMode, portBindings, restartPolicy, capAdd, capDrop
    case privileged, readonlyRootfs, `init`, extraHosts, dns, dnsSearch, dnsOptions, links
    case volumesFrom, securityOpt, devices, deviceRequests, deviceCgroupRules
    case ulimits, sysctls, logConfig, cgroupParent, memory, memorySwap, memoryReservation
    case memorySwappiness, nanoCpus, cpuShares, cpuQuota, cpuPeriod, cpuRealtimePeriod
    case cpuRealtimeRuntime, cpusetCpus, pidsLimit, shmSize
    case oomKillDisable, oomScoreAdj, groupAdd, runtime, storageOpt, isolation, annotations
    case maskedPaths, readonlyPaths, blkioWeight, blkioWeightDevice, blkioDeviceReadBps
    case blkioDeviceWriteBps, blkioDeviceReadIOps, blkioDeviceWriteIOps
  }
}
