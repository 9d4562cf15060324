/// Information about an engine and its host (Engine API, "SystemInfo").
package struct EngineInfo: Sendable, Decodable {
  /// The engine's own ID.
  package let id: String
  /// The engine's version.
  package let serverVersion: String
  /// `1` or `2`. Engines before API 1.41 support only 1 and don't report it.
  package let cgroupVersion: String
  /// `cgroupfs`, `systemd` or `none`.
  package let cgroupDriver: String
  /// `linux` or `windows`.
  package let osType: String
  /// The architecture of the host's processor.
  package let architecture: String
  /// The directory of the engine's data.
  package let dockerRootDir: String
  /// The storage driver of images and containers, such as `overlay2`.
  package let storageDriver: String
  /// The file system below the driver, such as `xfs` or `extfs`. Empty if the driver doesn't report
  /// it.
  package let backingFilesystem: String
  /// The address ranges from which networks get their subnets. Empty if the engine doesn't report
  /// them.
  package let addressPools: [EngineAddressPool]
  /// The default log driver.
  package let loggingDriver: String
  /// Whether containers keep running while the engine is stopped.
  package let liveRestoreEnabled: Bool
  /// Security options, such as `name=seccomp,profile=default` or `name=rootless`.
  package let securityOptions: [String]
  /// The number of the host's processors.
  package let ncpu: Int
  /// The host's memory in bytes.
  package let memTotal: Int
  /// Whether the engine is Podman. Its compatible API reports the version of its builder beside
  /// Docker's fields.
  package let isPodman: Bool

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
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

/// An address range from which an engine takes subnets (Engine API, "SystemInfo",
/// `DefaultAddressPools`).
package struct EngineAddressPool: Sendable, Decodable {
  /// The range, such as `172.20.0.0/14`.
  package let base: String
  /// The prefix length of each subnet.
  package let size: Int

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    base = try fields["Base"] ?? ""
    size = try fields["Size"] ?? 0
  }
}
