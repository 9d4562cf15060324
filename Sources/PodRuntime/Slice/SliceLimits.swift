import Cgroups
import Systemd

/// The limits of a pod's slice: the sum of its tasks' limits or that of the executor's own cgroup,
/// whichever is lower.
struct SliceLimits: Sendable, Equatable {
  /// Memory in bytes; nil for no limit.
  var memory: Int64?
  /// Memory in bytes that the kernel doesn't reclaim while other groups exceed theirs; nil for
  /// none.
  var reservedMemory: Int64?
  /// Processor time, in processors; nil for no limit.
  var quota: Double?
  /// The share when processors are contended, in processors; nil for the default.
  var share: Double?
  /// Further limits of the executor's own cgroup.
  var own: ExecutorCgroup

  /// The limits of all tasks that have a pod in one slice.
  ///
  /// - Parameters:
  ///   - tasks: the limits of each task; nil for a task with unknown limits, which is unlimited.
  ///   - own: the executor's own cgroup.
  init(tasks: [TaskLimits?], own: ExecutorCgroup) {
    self.own = own
    /// The sum; nil if one task has no limit.
    func sum<Amount: AdditiveArithmetic>(_ value: (TaskLimits) -> Amount?) -> Amount? {
      tasks.reduce(Amount.zero) { total, task in
        guard let total, let amount = task.flatMap(value) else { return nil }
        return total + amount
      }
    }
    let bytes = sum { $0.memory.map { Double($0) } }
    memory = bytes.map { $0 < 9e18 ? Int64($0) : .max }
    if memory == .max { memory = nil }
    if let limit = own.memory { memory = min(memory ?? limit, limit) }
    // A quota is set only where the agent sets quotas.
    if let limit = own.quota { quota = min(sum(\.cpus) ?? limit, limit) }
    share = sum { $0.reservedCPUs ?? $0.cpus }
    reservedMemory = sum { $0.reservedMemory.map { Double($0) } }.map { $0 < 9e18 ? Int64($0) : 0 }
  }

  /// The limits as properties of systemd (systemd.resource-control(5)). Each limit is included, so
  /// that one that no longer applies is reset.
  ///
  /// - Parameters:
  ///   - version: the cgroup version that the engine uses.
  ///   - release: systemd's release.
  /// - Returns: the properties.
  func properties(version: CgroupVersion, release: Int) -> [UnitProperty] {
    var properties: [UnitProperty] = [
      .flag("MemoryAccounting", true), .flag("CPUAccounting", true), .flag("TasksAccounting", true),
      .number("CPUQuotaPerSecUSec", quota.map { UInt64(max(1, $0 * 1e6)) } ?? .max),
      .number("TasksMax", Self.limit(own.tasks)),
    ]
    // A thousandth of a processor would be below the minimum weight.
    let weight = share.map { max(1, min(10_000, ($0 * 100).rounded())) } ?? 100
    if release < Self.unifiedNames {
      properties.append(.number("MemoryLimit", Self.limit(memory)))
      properties.append(.number("CPUShares", UInt64(max(2, weight * 1024 / 100))))
    } else {
      properties.append(.number("MemoryMax", Self.limit(memory)))
      properties.append(.number("CPUWeight", UInt64(weight)))
    }
    if version == .v2 {
      properties.append(.number("MemoryLow", UInt64(max(0, reservedMemory ?? 0))))
      properties.append(.number("MemorySwapMax", Self.limit(own.swap)))
      if let processors = own.processors { properties.append(.set("AllowedCPUs", processors)) }
      if let nodes = own.memoryNodes { properties.append(.set("AllowedMemoryNodes", nodes)) }
    }
    if let devices = own.devices {
      properties.append(.text("DevicePolicy", "strict"))
      properties.append(.devices(devices.map { ($0.node, $0.access) }))
    }
    return properties
  }

  /// The first release whose limits have the names of cgroup version 2.
  static let unifiedNames = 231

  private static func limit(_ value: Int64?) -> UInt64 { value.map { UInt64($0) } ?? .max }
}
