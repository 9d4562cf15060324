import Cgroups
import Systemd
import Testing

@testable import PodRuntime

@Suite("The limits of a slice")
struct SliceLimitsTests {
  private let free = ExecutorCgroup(
    run: "r", version: .v1, mounts: CgroupMounts(mountinfo: ""),
    membership: CgroupMembership(text: ""))

  private func task(
    cpus: Double?, memory: Int64?, reserved: (cpus: Double?, memory: Int64?) = (nil, nil)
  ) -> TaskLimits {
    var limits = TaskLimits(cpus: cpus, memory: memory)
    (limits.reservedCPUs, limits.reservedMemory) = reserved
    return limits
  }

  @Test("are the sum of its tasks' limits")
  func sum() {
    let tasks = [
      task(cpus: 1, memory: 100, reserved: (0.5, 50)),
      task(cpus: 2, memory: 200, reserved: (1, 70)),
    ]
    var own = free
    own.quota = 10
    let limits = SliceLimits(tasks: tasks, own: own)
    #expect(limits.memory == 300 && limits.reservedMemory == 120)
    #expect(limits.quota == 3 && limits.share == 1.5)
  }

  @Test("are at most those of the executor's own cgroup")
  func own() {
    var own = free
    (own.memory, own.quota, own.tasks) = (150, 0.25, 7)
    for tasks in [
      [task(cpus: 1, memory: 100), task(cpus: 1, memory: 100)], [task(cpus: nil, memory: nil)],
      [nil],
    ] {
      let limits = SliceLimits(tasks: tasks, own: own)
      #expect(limits.memory == 150 && limits.quota == 0.25 && limits.own.tasks == 7)
    }
    #expect(SliceLimits(tasks: [task(cpus: 0.1, memory: 10)], own: own).memory == 10)
    #expect(SliceLimits(tasks: [task(cpus: 0.1, memory: 10)], own: own).quota == 0.1)
  }

  @Test("have no quota if the agent sets none, and no limit if a task has none")
  func none() {
    #expect(SliceLimits(tasks: [task(cpus: 1, memory: 10)], own: free).quota == nil)
    let unlimited = SliceLimits(tasks: [task(cpus: 1, memory: 10), nil], own: free)
    #expect(unlimited.memory == nil && unlimited.share == nil && unlimited.reservedMemory == nil)
    #expect(SliceLimits(tasks: [task(cpus: nil, memory: .max)], own: free).memory == nil)
    #expect(
      SliceLimits(tasks: [task(cpus: nil, memory: .max), task(cpus: nil, memory: .max)], own: free)
        .memory == nil)
  }

  @Test("are properties with the names of systemd's release")
  func names() {
    var own = free
    (own.quota, own.tasks) = (1, 100)
    let limits = SliceLimits(tasks: [task(cpus: 0.5, memory: 64, reserved: (0.5, 32))], own: own)
    let now = limits.properties(version: .v2, release: 252)
    for property: UnitProperty in [
      .number("MemoryMax", 64), .number("MemoryLow", 32), .number("CPUWeight", 50),
      .number("CPUQuotaPerSecUSec", 500_000), .number("TasksMax", 100),
      .number("MemorySwapMax", .max),
    ] { #expect(now.contains(property), "\(property)") }
    let old = limits.properties(version: .v1, release: 219)
    for property: UnitProperty in [
      .number("MemoryLimit", 64), .number("CPUShares", 512),
      .number("CPUQuotaPerSecUSec", 500_000), .number("TasksMax", 100),
    ] { #expect(old.contains(property), "\(property)") }
    #expect(
      !old.contains { ["MemoryMax", "CPUWeight", "MemoryLow", "MemorySwapMax"].contains($0.name) })
  }

  @Test(
    "have a weight of 100 per CPU, within systemd's range",
    arguments: [
      (0.0, 1), (0.001, 1), (0.01, 1), (0.126, 13), (1, 100), (100, 10_000), (500, 10_000),
    ])
  func weight(cpus: Double, weight: UInt64) {
    let limits = SliceLimits(tasks: [task(cpus: cpus, memory: nil)], own: free)
    let properties = limits.properties(version: .v1, release: 252)
    #expect(properties.contains(.number("CPUWeight", weight)))
  }

  @Test("are infinite if there is no limit, so that an earlier one is removed")
  func infinite() {
    let properties = SliceLimits(tasks: [nil], own: free).properties(version: .v2, release: 252)
    for name in ["MemoryMax", "CPUQuotaPerSecUSec", "TasksMax", "MemorySwapMax"] {
      #expect(properties.contains(.number(name, .max)))
    }
    #expect(properties.contains(.number("CPUWeight", 100)))
    #expect(!properties.contains { $0.name.hasPrefix("Device") || $0.name.hasPrefix("Allowed") })
  }
}
