/// The engine and its host (Engine API, "SystemInfo").
public struct EngineInfo: Sendable, Decodable {
  /// The engine's own ID.
  public let id: String
  /// The engine's version.
  public let serverVersion: String
  /// `1` or `2`; engines before API 1.41 know only 1.
  public let cgroupVersion: String
  /// `cgroupfs`, `systemd` or `none`.
  public let cgroupDriver: String
  /// `linux` or `windows`.
  public let osType: String
  /// The host's processor.
  public let architecture: String
  /// Where the engine keeps its data.
  public let dockerRootDir: String
  /// The driver of images and containers, such as `overlay2`.
  public let storageDriver: String
  /// The file system below the driver, such as `xfs` or `extfs`; empty where the driver doesn't say.
  public let backingFilesystem: String
  /// The ranges that networks get their subnets from; empty where the engine doesn't say.
  public let addressPools: [EngineAddressPool]
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
  /// Whether it is podman, whose compatible API names the version of its builder beside Docker's fields.
  public let isPodman: Bool

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    id = try fields["ID"] ?? ""
    serverVersion = try fields["ServerVersion"] ?? ""
    cgroupVersion = try fields["CgroupVersion"] ?? "1"
    cgroupDriver = try fields["CgroupDriver"] ?? ""
    osType = try fields["OSType"] ?? ""
    architecture = try fields["Architecture"] ?? ""
    dockerRootDir = try fields["DockerRootDir"] ?? ""
    storageDriver = try fields["Driver"] ?? ""
    let status: [[String]]? = (try? fields["DriverStatus"]) ?? nil
    backingFilesystem = (status ?? []).first { $0.first == "Backing Filesystem" }?.last ?? ""
    addressPools = try fields["DefaultAddressPools"] ?? []
    loggingDriver = try fields["LoggingDriver"] ?? ""
    liveRestoreEnabled = try fields["LiveRestoreEnabled"] ?? false
    securityOptions = try fields["SecurityOptions"] ?? []
    ncpu = try fields["NCPU"] ?? 0
    memTotal = try fields["MemTotal"] ?? 0
    isPodman = try fields["BuildahVersion"] ?? "" != ""
  }
}

/// A range of addresses that an engine cuts into subnets (Engine API, "SystemInfo", `DefaultAddressPools`).
public struct EngineAddressPool: Sendable, Decodable {
  /// Such as `172.20.0.0/14`.
  public let base: String
  /// The length of each subnet's prefix.
  public let size: Int

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    base = try fields["Base"] ?? ""
    size = try fields["Size"] ?? 0
  }
}
