import OrderedCollections
import YAML

/// An amount and the key that sets it.
package struct Limit<Amount: Sendable>: Sendable {
  /// The amount.
  package var value: Amount
  /// The key, such as `mem_limit` or `deploy.resources.limits.memory`.
  package var key: String
  /// The position of the amount in the file.
  package var position: SourcePosition

  /// Creates a limit.
  package init(_ value: Amount, key: String, at position: SourcePosition) {
    self.value = value
    self.key = key
    self.position = position
  }
}

/// A service's resource settings other than memory and CPU limits (Compose specification,
/// "blkio_config", "ulimits", "gpus" and others; Compose Deploy specification, "resources").
package struct Resources: Sendable, Equatable {
  /// `blkio_config:`; nil if it isn't set.
  package var blockIO: BlockIOLimits?
  /// `ulimits:` by name.
  package var ulimits: OrderedDictionary<String, UserLimit> = [:]
  /// `sysctls:`.
  package var sysctls: OrderedDictionary<String, String> = [:]
  /// `pids_limit:`, or the limit of `deploy.resources`.
  package var pidsLimit: Int64?
  /// `mem_swappiness:`, 0 to 100.
  package var memorySwappiness: Int64?
  /// `oom_kill_disable:`.
  package var oomKillDisable: Located<Bool>?
  /// `oom_score_adj:`, -1000 to 1000.
  package var oomScoreAdjustment: Located<Int64>?
  /// `cpu_rt_period:` in microseconds.
  package var realtimePeriod: Int64?
  /// `cpu_rt_runtime:` in microseconds.
  package var realtimeRuntime: Int64?
  /// `gpus:`.
  package var gpus: [Located<DeviceNeed>] = []
  /// The devices in `deploy.resources.reservations`.
  package var reservedDevices: [Located<DeviceNeed>] = []
  /// `device_cgroup_rules:`, such as `c 1:3 mr`.
  package var deviceCgroupRules: [Located<String>] = []
  /// `storage_opt:`.
  package var storageOptions: OrderedDictionary<String, String> = [:]

  /// The engine's defaults.
  package init() {}
}

/// `blkio_config:` of a service.
package struct BlockIOLimits: Sendable, Equatable {
  /// The limit or weight of one device.
  package struct Device: Sendable, Equatable {
    /// The device's path on the host.
    package var path: String
    /// A weight, or bytes or operations per second.
    package var value: Int64
  }
  /// `weight`, 10 to 1000.
  package var weight: Int64?
  /// `weight_device`.
  package var weights: [Device] = []
  /// `device_read_bps`.
  package var readBytes: [Device] = []
  /// `device_read_iops`.
  package var readOperations: [Device] = []
  /// `device_write_bps`.
  package var writeBytes: [Device] = []
  /// `device_write_iops`.
  package var writeOperations: [Device] = []
}

/// One entry of `ulimits:`.
package struct UserLimit: Sendable, Equatable {
  /// The soft limit; -1 for unlimited.
  package var soft: Int64
  /// The hard limit; -1 for unlimited.
  package var hard: Int64

  /// Creates an entry.
  package init(soft: Int64, hard: Int64) {
    self.soft = soft
    self.hard = hard
  }
}

/// A request for devices of a driver: one entry of `gpus:`, or of the reserved devices in
/// `deploy:`.
package struct DeviceNeed: Sendable, Equatable {
  /// `driver`; nil for any driver with the capabilities.
  package var driver: String?
  /// `count`, -1 for all; nil if `device_ids` is set.
  package var count: Int64?
  /// `device_ids`.
  package var ids: [String] = []
  /// `capabilities`, all of which a device must have.
  package var capabilities: [String] = []
  /// `options` of the driver.
  package var options: OrderedDictionary<String, String> = [:]

  /// A request without conditions.
  package init() {}
}

/// A service's isolation settings (Compose specification, "userns_mode", "uts", "cgroup", "runtime"
/// and others).
package struct Isolation: Sendable, Equatable {
  /// `userns_mode:`.
  package var userNamespace: Located<String>?
  /// `uts:`.
  package var hostNames: Located<String>?
  /// `cgroup:`, `host` or `private`.
  package var cgroupNamespace: Located<String>?
  /// `runtime:`.
  package var runtime: String?
  /// `isolation:`, a choice of technologies on engines other than Linux's.
  package var technology: String?
  /// `platform:`, as `os[/arch[/variant]]`.
  package var platform: String?
  /// `group_add:`.
  package var groups: [String] = []
  /// `annotations:`.
  package var annotations: OrderedDictionary<String, String> = [:]

  /// The engine's defaults.
  package init() {}
}
