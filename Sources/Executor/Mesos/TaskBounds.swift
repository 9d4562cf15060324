import MesosExecutor
import PodRuntime
import Program
import Settings

/// What a task may use: its limits where it has some, its resources else.
///
/// Mesos sums the resources of one name, which may come in several roles, and counts in
/// thousandths.
struct TaskBounds {
  let task: TaskInfo

  /// The bounds as a pod's services are held to them.
  ///
  /// - Parameter environment: the executor's, which may name its GPUs.
  /// - Returns: the bounds; nil for each that there is none of.
  /// - Throws: `SettingError` for a figure that is none.
  func limits(environment: [String: String]) throws -> TaskLimits {
    var limits = TaskLimits(
      cpus: try bound("cpus"), memory: try bound("mem").map(Self.bytes),
      gpus: try gpus(environment))
    limits.disk = try bound("disk").map(Self.bytes)
    limits.reservedCPUs = try task.scalar("cpus").map { try checked($0, "resource cpus") }
    limits.reservedMemory = try task.scalar("mem").map {
      Self.bytes(try checked($0, "resource mem"))
    }
    return limits
  }

  /// Beyond what an `Int64` of bytes holds is no bound on any host.
  private static func bytes(_ megabytes: Double) -> Int64 {
    megabytes < 8e12 ? Int64(megabytes * 1_048_576) : .max
  }

  /// The limit of a resource; its amount where the task sets none; nil for no bound.
  private func bound(_ name: String) throws -> Double? {
    if let limit = task.limits[name] {
      // Mesos' own word for a task that may use what there is.
      if limit == .infinity { return nil }
      return try checked(limit, "limit of \(name)")
    }
    return try task.scalar(name).map { try checked($0, "resource \(name)") }
  }

  private func checked(_ amount: Double, _ what: String) throws -> Double {
    guard amount.isFinite, amount >= 0 else {
      throw SettingError(description: "the task's \(what) is \(amount): it must be an amount")
    }
    return amount
  }

  private func gpus(_ environment: [String: String]) throws -> TaskGPUs {
    let amount = try task.scalar("gpus").map { try checked($0, "resource gpus") } ?? 0
    guard amount == amount.rounded(), amount < 1e6 else {
      throw SettingError(
        description: "the task's resource gpus is \(amount): it must be a whole number")
    }
    return TaskGPUs.find(count: Int(amount), environment: environment)
  }
}
