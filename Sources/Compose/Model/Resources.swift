import OrderedCollections
import YAML

/// An amount, and the key that sets it.
public struct Limit<Amount: Sendable>: Sendable {
  /// The amount.
  public var value: Amount
  /// Such as `mem_limit` or `deploy.resources.limits.memory`.
  public var key: String
  /// Where the amount stands.
  public var position: SourcePosition

  /// Makes a limit.
  public init(_ value: Amount, key: String, at position: SourcePosition) {
    self.value = value
    self.key = key
    self.position = position
  }
}

/// What a service may use of the host, beyond its plain memory and processor limits (Compose specification,
/// "blkio_config", "ulimits", "gpus" and their neighbours; Compose Deploy specification, "resources").
public struct Resources: Sendable, Equatable {
  /// `blkio_config:`; nil where there is none.
  public var blockIO: BlockIOLimits?
  /// `ulimits:` by name.
  public var ulimits: OrderedDictionary<String, UserLimit> = [:]
  /// `sysctls:`.
  public var sysctls: OrderedDictionary<String, String> = [:]
  /// `pids_limit:`, or the limit of `deploy.resources`.
  public var pidsLimit: Int64?
  /// `mem_swappiness:`, 0 to 100.
  public var memorySwappiness: Int64?
  /// `oom_kill_disable:`.
  public var oomKillDisable: Located<Bool>?
  /// `oom_score_adj:`, -1000 to 1000.
  public var oomScoreAdjustment: Located<Int64>?
  /// `cpu_rt_period:` in microseconds.
  public var realtimePeriod: Int64?
  /// `cpu_rt_runtime:` in microseconds.
  public var realtimeRuntime: Int64?
  /// `gpus:`.
  public var gpus: [Located<DeviceNeed>] = []
  /// The devices that `deploy.resources.reservations` names.
  public var reservedDevices: [Located<DeviceNeed>] = []
  /// `device_cgroup_rules:`, such as `c 1:3 mr`.
  public var deviceCgroupRules: [Located<String>] = []
  /// `storage_opt:`.
  public var storageOptions: OrderedDictionary<String, String> = [:]

  /// Nothing but what the engine gives anybody.
  public init() {}
}

/// `blkio_config:` of a service.
public struct BlockIOLimits: Sendable, Equatable {
  /// A device and a figure for it.
  public struct Device: Sendable, Equatable {
    /// The device's path on the host.
    public var path: String
    /// A weight, or bytes or operations a second.
    public var value: Int64
  }
  /// `weight`, 10 to 1000.
  public var weight: Int64?
  /// `weight_device`.
  public var weights: [Device] = []
  /// `device_read_bps`.
  public var readBytes: [Device] = []
  /// `device_read_iops`.
  public var readOperations: [Device] = []
  /// `device_write_bps`.
  public var writeBytes: [Device] = []
  /// `device_write_iops`.
  public var writeOperations: [Device] = []
}

/// One entry of `ulimits:`.
public struct UserLimit: Sendable, Equatable {
  /// The soft limit; -1 is none.
  public var soft: Int64
  /// The hard limit; -1 is none.
  public var hard: Int64

  /// Makes an entry.
  public init(soft: Int64, hard: Int64) {
    self.soft = soft
    self.hard = hard
  }
}

/// Devices that a driver provides: one entry of `gpus:`, or of the devices that a deployment reserves.
public struct DeviceNeed: Sendable, Equatable {
  /// `driver`; nil for whichever has the capabilities.
  public var driver: String?
  /// `count`, -1 for all; nil where `device_ids` names them.
  public var count: Int64?
  /// `device_ids`.
  public var ids: [String] = []
  /// `capabilities`, all of which a device must have.
  public var capabilities: [String] = []
  /// `options` of the driver.
  public var options: OrderedDictionary<String, String> = [:]

  /// Any device.
  public init() {}
}

/// How a service's container is set apart from the host (Compose specification, "userns_mode", "uts", "cgroup",
/// "runtime" and their neighbours).
public struct Isolation: Sendable, Equatable {
  /// `userns_mode:`.
  public var userNamespace: Located<String>?
  /// `uts:`.
  public var hostNames: Located<String>?
  /// `cgroup:`, `host` or `private`.
  public var cgroupNamespace: Located<String>?
  /// `runtime:`.
  public var runtime: String?
  /// `isolation:`, which other engines than Linux's have several of.
  public var technology: String?
  /// `platform:`, as `os[/arch[/variant]]`.
  public var platform: String?
  /// `group_add:`.
  public var groups: [String] = []
  /// `annotations:`.
  public var annotations: OrderedDictionary<String, String> = [:]

  /// As the engine does it by itself.
  public init() {}
}
