/// How a container uses the host (Engine API, "HostConfig"), as far as a pod asks for it.
public struct HostConfigDetails: Sendable, Decodable {
  /// The cgroup below which its own is.
  public let cgroupParent: String
  /// `default`, `bridge`, `host`, `none`, `container:ID` or a network's name.
  public let networkMode: String
  /// Whose processes it sees.
  public let pidMode: String
  /// Whose IPC objects it shares.
  public let ipcMode: String
  /// Whose host name it shares.
  public let utsMode: String
  /// The user namespace.
  public let usernsMode: String
  /// The cgroup namespace.
  public let cgroupnsMode: String
  /// What the engine does when it ends.
  public let restartPolicy: RestartPolicy?
  /// Whether the engine removes it when it ends.
  public let autoRemove: Bool
  /// Whether it may do what the host's root may.
  public let privileged: Bool
  /// Whether the root file system is read-only.
  public let readonlyRootfs: Bool
  /// Bind mounts and named volumes, short form.
  public let binds: [String]
  /// Containers whose volumes it shares.
  public let volumesFrom: [String]
  /// Links on the default bridge.
  public let links: [String]
  /// Lines of /etc/hosts, as `name:address`.
  public let extraHosts: [String]
  /// Capabilities added.
  public let capAdd: [String]
  /// Capabilities dropped.
  public let capDrop: [String]
  /// Published ports, by `80/tcp`.
  public let portBindings: [String: [PortBinding]?]
  /// The log driver and its options.
  public let logConfig: LogConfig?
  /// Memory limit in bytes; 0 is none.
  public let memory: Int
  /// Limit of memory and swap in bytes; -1 is none.
  public let memorySwap: Int
  /// Soft memory limit in bytes.
  public let memoryReservation: Int
  /// Processors times 10⁹; 0 is no limit.
  public let nanoCpus: Int
  /// Weight; 0 is the default.
  public let cpuShares: Int
  /// Microseconds of processor time per period; 0 is no limit.
  public let cpuQuota: Int
  /// Microseconds; 0 is the default.
  public let cpuPeriod: Int
  /// Processors it may run on.
  public let cpusetCpus: String
  /// The most processes.
  public let pidsLimit: Int?
  /// Size of /dev/shm in bytes.
  public let shmSize: Int
  /// Whether the OOM killer spares it.
  public let oomKillDisable: Bool?
  /// The OOM score's adjustment.
  public let oomScoreAdj: Int
  /// The OCI runtime.
  public let runtime: String

  enum CodingKeys: String, CodingKey {
    case cgroupParent = "CgroupParent"
    case networkMode = "NetworkMode"
    case pidMode = "PidMode"
    case ipcMode = "IpcMode"
    case utsMode = "UTSMode"
    case usernsMode = "UsernsMode"
    case cgroupnsMode = "CgroupnsMode"
    case restartPolicy = "RestartPolicy"
    case autoRemove = "AutoRemove"
    case privileged = "Privileged"
    case readonlyRootfs = "ReadonlyRootfs"
    case binds = "Binds"
    case volumesFrom = "VolumesFrom"
    case links = "Links"
    case extraHosts = "ExtraHosts"
    case capAdd = "CapAdd"
    case capDrop = "CapDrop"
    case portBindings = "PortBindings"
    case logConfig = "LogConfig"
    case memory = "Memory"
    case memorySwap = "MemorySwap"
    case memoryReservation = "MemoryReservation"
    case nanoCpus = "NanoCpus"
    case cpuShares = "CpuShares"
    case cpuQuota = "CpuQuota"
    case cpuPeriod = "CpuPeriod"
    case cpusetCpus = "CpusetCpus"
    case pidsLimit = "PidsLimit"
    case shmSize = "ShmSize"
    case oomKillDisable = "OomKillDisable"
    case oomScoreAdj = "OomScoreAdj"
    case runtime = "Runtime"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    cgroupParent = try fields.value(.cgroupParent, default: "")
    networkMode = try fields.value(.networkMode, default: "")
    pidMode = try fields.value(.pidMode, default: "")
    ipcMode = try fields.value(.ipcMode, default: "")
    utsMode = try fields.value(.utsMode, default: "")
    usernsMode = try fields.value(.usernsMode, default: "")
    cgroupnsMode = try fields.value(.cgroupnsMode, default: "")
    restartPolicy = try fields.decodeIfPresent(RestartPolicy.self, forKey: .restartPolicy)
    autoRemove = try fields.value(.autoRemove, default: false)
    privileged = try fields.value(.privileged, default: false)
    readonlyRootfs = try fields.value(.readonlyRootfs, default: false)
    binds = try fields.value(.binds, default: [])
    volumesFrom = try fields.value(.volumesFrom, default: [])
    links = try fields.value(.links, default: [])
    extraHosts = try fields.value(.extraHosts, default: [])
    capAdd = try fields.value(.capAdd, default: [])
    capDrop = try fields.value(.capDrop, default: [])
    portBindings = try fields.value(.portBindings, default: [:])
    logConfig = try fields.decodeIfPresent(LogConfig.self, forKey: .logConfig)
    memory = try fields.value(.memory, default: 0)
    memorySwap = try fields.value(.memorySwap, default: 0)
    memoryReservation = try fields.value(.memoryReservation, default: 0)
    nanoCpus = try fields.value(.nanoCpus, default: 0)
    cpuShares = try fields.value(.cpuShares, default: 0)
    cpuQuota = try fields.value(.cpuQuota, default: 0)
    cpuPeriod = try fields.value(.cpuPeriod, default: 0)
    cpusetCpus = try fields.value(.cpusetCpus, default: "")
    pidsLimit = try fields.decodeIfPresent(Int.self, forKey: .pidsLimit)
    shmSize = try fields.value(.shmSize, default: 0)
    oomKillDisable = try fields.decodeIfPresent(Bool.self, forKey: .oomKillDisable)
    oomScoreAdj = try fields.value(.oomScoreAdj, default: 0)
    runtime = try fields.value(.runtime, default: "")
  }
}
