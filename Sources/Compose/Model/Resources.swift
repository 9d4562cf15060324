import OrderedCollections
import YAML

/// An amount and the key that sets it.
public struct Limit<Amount: Sendable>: Sendable {
  /// The amount.
  public var value: Amount
  /// The key, such as `mem_limit` or `deploy.resources.limits.memory`.
  public var key: String
  /// The position of the amount in the file.
  public var position: SourcePosition

  /// Creates a limit.
  public init(_ value: Amount, key: String, at position: SourcePosition) {
    self.value = value
    self.key = key
    self.position = position
  }
}

/// A service's resource settings other than memory and CPU limits (Compose specification,
/// "blkio_config", "ulimits", "gpus" and others; Compose Deploy specification, "resources").
public struct Resources: Sendable, Equatable {
  /// `blkio_config:`; nil if it isn't set.
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
  /// The devices in `deploy.resources.reservations`.
  public var reservedDevices: [Located<DeviceNeed>] = []
  /// `device_cgroup_rules:`, such as `c 1:3 mr`.
  public var deviceCgroupRules: [Located<String>] = []
  /// `storage_opt:`.
  public var storageOptions: OrderedDictionary<String, String> = [:]

  /// The engine's defaults.
  public init() {}
}

/// `blkio_config:` of a service.
public struct BlockIOLimits: Sendable, Equatable {
  /// The limit or weight of one device.
  public struct Device: Sendable, Equatable {
    /// The device's path on the host.
    public var path: String
    /// A weight, or bytes or operations per second.
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
  /// The soft limit; -1 for unlimited.
  public var soft: Int64
  /// The hard limit; -1 for unlimited.
  public var hard: Int64

  /// Creates an entry.
  public init(soft: Int64, hard: Int64) {
    self.soft = soft
    self.hard = hard
  }
}

/// A request for devices of a driver: one entry of `gpus:`, or of the reserved devices in
/// `deploy:`.
public struct DeviceNeed: Sendable, Equatable {
  /// `driver`; nil for any driver with the capabilities.
  public var driver: String?
  /// `count`, -1 for all; nil if `device_ids` is set.
  public var count: Int64?
  /// `device_ids`.
  public var ids: [String] = []
  /// `capabilities`, all of which a device must have.
  public var capabilities: [String] = []
  /// `options` of the driver.
  public var options: OrderedDictionary<String, String> = [:]

  /// A request without conditions.
  public init() {}
}

/// A service's isolation settings (Compose specification, "userns_mode", "uts", "cgroup", "runtime"
/// and others).
public struct Isolation: Sendable, Equatable {
  /// `userns_mode:`.
  public var userNamespace: Located<String>?
  /// `uts:`.
  public var hostNames: Located<String>?
  /// `cgroup:`, `host` or `private`.
  public var cgroupNamespace: Located<String>?
  /// `runtime:`.
  public var runtime: String?
  /// `isolation:`, a choice of technologies on engines other than Linux's.
  public var technology: String?
  /// `platform:`, as `os[/arch[/variant]]`.
  public var platform: String?
  /// `group_add:`.
  public var groups: [String] = []
  /// `annotations:`.
  public var annotations: OrderedDictionary<String, String> = [:]

  /// The engine's defaults.
  public init() {}
}
