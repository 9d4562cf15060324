import MesosExecutor
import PodRuntime
import Program
import Settings

/// The resource limits of a task: its limits where it has any, else its resources.
///
/// Mesos adds up resources with the same name, which can come from several roles, and calculates in
/// thousandths.
struct TaskBounds {
  let task: TaskInfo

  /// The limits that apply to a pod's services.
  ///
  /// - Parameter environment: the executor's environment, which may contain its GPUs.
  /// - Returns: the limits; nil for each that is not set.
  /// - Throws: `ConfigurationError` for an invalid amount.
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

  /// Converts megabytes to bytes, limited to `Int64.max`.
  private static func bytes(_ megabytes: Double) -> Int64 {
    megabytes < 8e12 ? Int64(megabytes * 1_048_576) : .max
  }

  /// The limit of a resource, or its amount where the task sets no limit; nil for no limit.
  private func bound(_ name: String) throws -> Double? {
    if let limit = task.limits[name] {
      // Mesos uses infinity for a task without a limit.
      if limit == .infinity { return nil }
      return try checked(limit, "limit of \(name)")
    }
    return try task.scalar(name).map { try checked($0, "resource \(name)") }
  }

  private func checked(_ amount: Double, _ what: String) throws -> Double {
    guard amount.isFinite, amount >= 0 else {
      throw ConfigurationError(
        description: "the task's \(what) is \(amount): it must be a number of at least 0")
    }
    return amount
  }

  private func gpus(_ environment: [String: String]) throws -> TaskGPUs {
    let amount = try task.scalar("gpus").map { try checked($0, "resource gpus") } ?? 0
    guard amount == amount.rounded(), amount < 1e6 else {
      throw ConfigurationError(
        description: "the task's resource gpus is \(amount): it must be a whole number")
    }
    return TaskGPUs.find(count: Int(amount), environment: environment)
  }
}
