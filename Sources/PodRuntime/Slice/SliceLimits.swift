import Cgroups
import Systemd

/// The limits of a pod's slice: those of its tasks, and of the executor's own cgroup, whichever is less.
struct SliceLimits: Sendable, Equatable {
  /// Memory in bytes; nil for no limit.
  var memory: Int64?
  /// How much of it the kernel leaves alone as long as others have more than theirs; nil for none.
  var reservedMemory: Int64?
  /// Processor time, in processors; nil for no limit.
  var quota: Double?
  /// Its share where processors are short, in processors; nil for the default.
  var share: Double?
  /// What the executor's own cgroup has besides.
  var own: ExecutorCgroup

  /// The limits of all tasks that have a pod in one slice.
  ///
  /// - Parameters:
  ///   - tasks: what each was given; nil for one of which nobody says it, which has no limit.
  ///   - own: the executor's own cgroup.
  init(tasks: [TaskLimits?], own: ExecutorCgroup) {
    self.own = own
    /// The sum; nil where one has no limit.
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
    // A quota is set where the agent sets them.
    if let limit = own.quota { quota = min(sum(\.cpus) ?? limit, limit) }
    share = sum { $0.reservedCPUs ?? $0.cpus }
    reservedMemory = sum { $0.reservedMemory.map { Double($0) } }.map { $0 < 9e18 ? Int64($0) : 0 }
  }

  /// The limits as systemd takes them (systemd.resource-control(5)): each is named, so that one that is no more goes too.
  ///
  /// - Parameters:
  ///   - version: the version that the engine uses.
  ///   - release: systemd's.
  /// - Returns: the properties.
  func properties(version: CgroupVersion, release: Int) -> [UnitProperty] {
    var properties: [UnitProperty] = [
      .flag("MemoryAccounting", true), .flag("CPUAccounting", true), .flag("TasksAccounting", true),
      .number("CPUQuotaPerSecUSec", quota.map { UInt64(max(1, $0 * 1e6)) } ?? .max),
      .number("TasksMax", Self.limit(own.tasks)),
    ]
    // A thousandth of a processor would be less than the least weight.
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

  /// The first release whose names of limits are those of cgroup version 2.
  static let unifiedNames = 231

  private static func limit(_ value: Int64?) -> UInt64 { value.map { UInt64($0) } ?? .max }
}
