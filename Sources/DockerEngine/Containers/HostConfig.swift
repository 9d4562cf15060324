/// The settings of a new container that concern the host (Engine API, "HostConfig" and
/// "Resources"). A nil value is not sent.
package struct HostConfig: Sendable, Encodable {
  /// Bind mounts and named volumes in the short form, `source:target[:options]`.
  package var binds: [String]?
  /// Mounts in the long form.
  package var mounts: [Mount]?
  /// Temporary file systems: mount options by path.
  package var tmpfs: [String: String]?
  /// `bridge`, `host`, `none`, `container:ID` or the name of a network.
  package var networkMode: String?
  /// `host` or `container:ID`.
  package var pidMode: String?
  /// `none`, `private`, `shareable`, `host` or `container:ID`.
  package var ipcMode: String?
  /// `host`.
  package var utsMode: String?
  /// `host`.
  package var usernsMode: String?
  /// `private` or `host`.
  package var cgroupnsMode: String?
  /// Published ports, by container port such as `80/tcp`.
  package var portBindings: [String: [PortBinding]]?
  /// The action of the engine when the container exits.
  package var restartPolicy: RestartPolicy?
  /// Capabilities to add.
  package var capAdd: [String]?
  /// Capabilities to drop.
  package var capDrop: [String]?
  /// Whether the container has the full privileges of the host's root.
  package var privileged: Bool?
  /// Whether the root file system is read-only.
  package var readonlyRootfs: Bool?
  /// Whether an init process in the container reaps zombie processes.
  package var `init`: Bool?
  /// Lines of /etc/hosts, as `name:address`.
  package var extraHosts: [String]?
  /// Addresses of name servers.
  package var dns: [String]?
  /// Search domains.
  package var dnsSearch: [String]?
  /// Resolver options.
  package var dnsOptions: [String]?
  /// Links on the default bridge, as `container:alias`.
  package var links: [String]?
  /// Containers whose volumes are mounted, as `container[:ro|:rw]`.
  package var volumesFrom: [String]?
  /// Security options: labels, seccomp, apparmor, no-new-privileges.
  package var securityOpt: [String]?
  /// Devices of the host.
  package var devices: [DeviceMapping]?
  /// Devices that a driver provides, such as GPUs.
  package var deviceRequests: [DeviceRequest]?
  /// Rules of the devices cgroup, such as `c 13:* rwm`.
  package var deviceCgroupRules: [String]?
  /// Resource limits of the process.
  package var ulimits: [Ulimit]?
  /// Kernel parameters of the container's namespaces.
  package var sysctls: [String: String]?
  /// The log driver and its options.
  package var logConfig: LogConfig?
  /// The parent of the container's cgroup.
  package var cgroupParent: String?
  /// Memory limit in bytes.
  package var memory: Int?
  /// Limit of memory and swap together, in bytes. -1 is no limit of swap.
  package var memorySwap: Int?
  /// Soft memory limit in bytes.
  package var memoryReservation: Int?
  /// The kernel's tendency to swap the container's memory, 0 to 100.
  package var memorySwappiness: Int?
  /// Processors, multiplied by 10⁹.
  package var nanoCpus: Int?
  /// CPU weight relative to other containers. Default: 1024.
  package var cpuShares: Int?
  /// CPU time in each period, in microseconds.
  package var cpuQuota: Int?
  /// The length of a CFS period, in microseconds.
  package var cpuPeriod: Int?
  /// The length of a real-time period, in microseconds.
  package var cpuRealtimePeriod: Int?
  /// Real-time CPU time in each period, in microseconds.
  package var cpuRealtimeRuntime: Int?
  /// The processors to run on, such as `0-2,4`.
  package var cpusetCpus: String?
  /// The limit of processes. 0 or -1 is no limit.
  package var pidsLimit: Int?
  /// Size of /dev/shm in bytes.
  package var shmSize: Int?
  /// Whether the kernel's OOM killer spares the container (cgroup v1).
  package var oomKillDisable: Bool?
  /// Adjustment of the OOM score, -1000 to 1000.
  package var oomScoreAdj: Int?
  /// Supplementary groups of the process.
  package var groupAdd: [String]?
  /// The OCI runtime.
  package var runtime: String?
  /// Options of the storage driver.
  package var storageOpt: [String: String]?
  /// The isolation technology (Windows).
  package var isolation: String?
  /// Annotations passed to the runtime (API 1.43).
  package var annotations: [String: String]?
  /// Paths that are hidden in the container. Nil keeps the engine's list.
  package var maskedPaths: [String]?
  /// Paths that are read-only in the container. Nil keeps the engine's list.
  package var readonlyPaths: [String]?
  /// Block I/O weight, 10 to 1000.
  package var blkioWeight: Int?
  /// Block I/O weight per device.
  package var blkioWeightDevice: [DeviceWeight]?
  /// Limits of bytes per second read from a device.
  package var blkioDeviceReadBps: [DeviceRate]?
  /// Limits of bytes per second written to a device.
  package var blkioDeviceWriteBps: [DeviceRate]?
  /// Limits of read operations per second from a device.
  package var blkioDeviceReadIOps: [DeviceRate]?
  /// Limits of write operations per second to a device.
  package var blkioDeviceWriteIOps: [DeviceRate]?

  /// Creates settings in which everything is nil.
  package init() {}

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
