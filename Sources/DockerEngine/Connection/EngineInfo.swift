/// The engine and its host (Engine API, "SystemInfo").
public struct EngineInfo: Sendable, Decodable {
  /// The engine's own ID.
  public let id: String
  /// The host's name.
  public let name: String
  /// The engine's version.
  public let serverVersion: String
  /// `1` or `2`; engines before API 1.41 know only 1.
  public let cgroupVersion: String
  /// `cgroupfs`, `systemd` or `none`.
  public let cgroupDriver: String
  /// `linux` or `windows`.
  public let osType: String
  /// The distribution.
  public let operatingSystem: String
  /// The kernel's version.
  public let kernelVersion: String
  /// The host's processor.
  public let architecture: String
  /// Where the engine keeps its data.
  public let dockerRootDir: String
  /// The storage driver.
  public let storageDriver: String
  /// The default log driver.
  public let loggingDriver: String
  /// Whether containers outlive the engine.
  public let liveRestoreEnabled: Bool
  /// Such as `name=seccomp,profile=default`, `name=rootless`.
  public let securityOptions: [String]
  /// The host's processors.
  public let ncpu: Int
  /// The host's memory in bytes.
  public let memTotal: Int
  /// The OCI runtime.
  public let defaultRuntime: String
  /// The engine's clock, RFC 3339.
  public let systemTime: String
  /// Whether the kernel can limit memory.
  public let memoryLimit: Bool
  /// Whether the kernel can limit processor time.
  public let cpuCfsQuota: Bool
  /// Whether the kernel can limit processes.
  public let pidsLimit: Bool
  /// Whether it is podman, whose compatible API names the version of its builder beside Docker's fields.
  public let isPodman: Bool

  enum CodingKeys: String, CodingKey {
    case id = "ID"
    case name = "Name"
    case serverVersion = "ServerVersion"
    case cgroupVersion = "CgroupVersion"
    case cgroupDriver = "CgroupDriver"
    case osType = "OSType"
    case operatingSystem = "OperatingSystem"
    case kernelVersion = "KernelVersion"
    case architecture = "Architecture"
    case dockerRootDir = "DockerRootDir"
    case storageDriver = "Driver"
    case loggingDriver = "LoggingDriver"
    case liveRestoreEnabled = "LiveRestoreEnabled"
    case securityOptions = "SecurityOptions"
    case ncpu = "NCPU"
    case memTotal = "MemTotal"
    case defaultRuntime = "DefaultRuntime"
    case systemTime = "SystemTime"
    case memoryLimit = "MemoryLimit"
    case cpuCfsQuota = "CpuCfsQuota"
    case pidsLimit = "PidsLimit"
    case buildahVersion = "BuildahVersion"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    id = try fields.value(.id, default: "")
    name = try fields.value(.name, default: "")
    serverVersion = try fields.value(.serverVersion, default: "")
    cgroupVersion = try fields.value(.cgroupVersion, default: "1")
    cgroupDriver = try fields.value(.cgroupDriver, default: "")
    osType = try fields.value(.osType, default: "")
    operatingSystem = try fields.value(.operatingSystem, default: "")
    kernelVersion = try fields.value(.kernelVersion, default: "")
    architecture = try fields.value(.architecture, default: "")
    dockerRootDir = try fields.value(.dockerRootDir, default: "")
    storageDriver = try fields.value(.storageDriver, default: "")
    loggingDriver = try fields.value(.loggingDriver, default: "")
    liveRestoreEnabled = try fields.value(.liveRestoreEnabled, default: false)
    securityOptions = try fields.value(.securityOptions, default: [])
    ncpu = try fields.value(.ncpu, default: 0)
    memTotal = try fields.value(.memTotal, default: 0)
    defaultRuntime = try fields.value(.defaultRuntime, default: "")
    systemTime = try fields.value(.systemTime, default: "")
    memoryLimit = try fields.value(.memoryLimit, default: false)
    cpuCfsQuota = try fields.value(.cpuCfsQuota, default: false)
    pidsLimit = try fields.value(.pidsLimit, default: false)
    isPodman = try fields.value(.buildahVersion, default: "") != ""
  }
}

extension KeyedDecodingContainer {
  /// A value, or `fallback` where the engine sends null or nothing (Go writes empty lists as null).
  func value<T: Decodable>(_ key: Key, default fallback: T) throws -> T {
    try decodeIfPresent(T.self, forKey: key) ?? fallback
  }
}
