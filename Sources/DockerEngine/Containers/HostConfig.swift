/// The settings of a new container that concern the host (Engine API, "HostConfig" and
/// "Resources"). A nil value is not sent.
public struct HostConfig: Sendable, Encodable {
  /// Bind mounts and named volumes in the short form, `source:target[:options]`.
  public var binds: [String]?
  /// Mounts in the long form.
  public var mounts: [Mount]?
  /// Temporary file systems: mount options by path.
  public var tmpfs: [String: String]?
  /// `bridge`, `host`, `none`, `container:ID` or the name of a network.
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
  /// Published ports, by container port such as `80/tcp`.
  public var portBindings: [String: [PortBinding]]?
  /// The action of the engine when the container exits.
  public var restartPolicy: RestartPolicy?
  /// Capabilities to add.
  public var capAdd: [String]?
  /// Capabilities to drop.
  public var capDrop: [String]?
  /// Whether the container has the full privileges of the host's root.
  public var privileged: Bool?
  /// Whether the root file system is read-only.
  public var readonlyRootfs: Bool?
  /// Whether an init process in the container reaps zombie processes.
  public var `init`: Bool?
  /// Lines of /etc/hosts, as `name:address`.
  public var extraHosts: [String]?
  /// Addresses of name servers.
  public var dns: [String]?
  /// Search domains.
  public var dnsSearch: [String]?
  /// Resolver options.
  public var dnsOptions: [String]?
  /// Links on the default bridge, as `container:alias`.
  public var links: [String]?
  /// Containers whose volumes are mounted, as `container[:ro|:rw]`.
  public var volumesFrom: [String]?
  /// Security options: labels, seccomp, apparmor, no-new-privileges.
  public var securityOpt: [String]?
  /// Devices of the host.
  public var devices: [DeviceMapping]?
  /// Devices that a driver provides, such as GPUs.
  public var deviceRequests: [DeviceRequest]?
  /// Rules of the devices cgroup, such as `c 13:* rwm`.
  public var deviceCgroupRules: [String]?
  /// Resource limits of the process.
  public var ulimits: [Ulimit]?
  /// Kernel parameters of the container's namespaces.
  public var sysctls: [String: String]?
  /// The log driver and its options.
  public var logConfig: LogConfig?
  /// The parent of the container's cgroup.
  public var cgroupParent: String?
  /// Memory limit in bytes.
  public var memory: Int?
  /// Limit of memory and swap together, in bytes. -1 is no limit of swap.
  public var memorySwap: Int?
  /// Soft memory limit in bytes.
  public var memoryReservation: Int?
  /// The kernel's tendency to swap the container's memory, 0 to 100.
  public var memorySwappiness: Int?
  /// Processors, multiplied by 10⁹.
  public var nanoCpus: Int?
  /// CPU weight relative to other containers. Default: 1024.
  public var cpuShares: Int?
  /// CPU time in each period, in microseconds.
  public var cpuQuota: Int?
  /// The length of a CFS period, in microseconds.
  public var cpuPeriod: Int?
  /// The length of a real-time period, in microseconds.
  public var cpuRealtimePeriod: Int?
  /// Real-time CPU time in each period, in microseconds.
  public var cpuRealtimeRuntime: Int?
  /// The processors to run on, such as `0-2,4`.
  public var cpusetCpus: String?
  /// The limit of processes. 0 or -1 is no limit.
  public var pidsLimit: Int?
  /// Size of /dev/shm in bytes.
  public var shmSize: Int?
  /// Whether the kernel's OOM killer spares the container (cgroup v1).
  public var oomKillDisable: Bool?
  /// Adjustment of the OOM score, -1000 to 1000.
  public var oomScoreAdj: Int?
  /// Supplementary groups of the process.
  public var groupAdd: [String]?
  /// The OCI runtime.
  public var runtime: String?
  /// Options of the storage driver.
  public var storageOpt: [String: String]?
  /// The isolation technology (Windows).
  public var isolation: String?
  /// Annotations passed to the runtime (API 1.43).
  public var annotations: [String: String]?
  /// Paths that are hidden in the container. Nil keeps the engine's list.
  public var maskedPaths: [String]?
  /// Paths that are read-only in the container. Nil keeps the engine's list.
  public var readonlyPaths: [String]?
  /// Block I/O weight, 10 to 1000.
  public var blkioWeight: Int?
  /// Block I/O weight per device.
  public var blkioWeightDevice: [DeviceWeight]?
  /// Limits of bytes per second read from a device.
  public var blkioDeviceReadBps: [DeviceRate]?
  /// Limits of bytes per second written to a device.
  public var blkioDeviceWriteBps: [DeviceRate]?
  /// Limits of read operations per second from a device.
  public var blkioDeviceReadIOps: [DeviceRate]?
  /// Limits of write operations per second to a device.
  public var blkioDeviceWriteIOps: [DeviceRate]?

  /// Creates settings in which everything is nil.
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
