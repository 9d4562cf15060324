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

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    cgroupParent = try fields["CgroupParent"] ?? ""
    networkMode = try fields["NetworkMode"] ?? ""
    pidMode = try fields["PidMode"] ?? ""
    ipcMode = try fields["IpcMode"] ?? ""
    utsMode = try fields["UTSMode"] ?? ""
    usernsMode = try fields["UsernsMode"] ?? ""
    cgroupnsMode = try fields["CgroupnsMode"] ?? ""
    restartPolicy = try fields["RestartPolicy"]
    autoRemove = try fields["AutoRemove"] ?? false
    privileged = try fields["Privileged"] ?? false
    readonlyRootfs = try fields["ReadonlyRootfs"] ?? false
    binds = try fields["Binds"] ?? []
    volumesFrom = try fields["VolumesFrom"] ?? []
    links = try fields["Links"] ?? []
    extraHosts = try fields["ExtraHosts"] ?? []
    capAdd = try fields["CapAdd"] ?? []
    capDrop = try fields["CapDrop"] ?? []
    portBindings = try fields["PortBindings"] ?? [:]
    logConfig = try fields["LogConfig"]
    memory = try fields["Memory"] ?? 0
    memorySwap = try fields["MemorySwap"] ?? 0
    memoryReservation = try fields["MemoryReservation"] ?? 0
    nanoCpus = try fields["NanoCpus"] ?? 0
    cpuShares = try fields["CpuShares"] ?? 0
    cpuQuota = try fields["CpuQuota"] ?? 0
    cpuPeriod = try fields["CpuPeriod"] ?? 0
    cpusetCpus = try fields["CpusetCpus"] ?? ""
    pidsLimit = try fields["PidsLimit"]
    shmSize = try fields["ShmSize"] ?? 0
    oomKillDisable = try fields["OomKillDisable"]
    oomScoreAdj = try fields["OomScoreAdj"] ?? 0
    runtime = try fields["Runtime"] ?? ""
  }
}
