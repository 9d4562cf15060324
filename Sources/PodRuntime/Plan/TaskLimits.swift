import Compose
import OrderedCollections
import YAML

/// The resources of a task, which no single service may exceed.
///
/// The kernel refuses a cgroup more processor time than its parent has, and an agent that lowers a
/// parent's quota below that of a child fails and destroys the executor.
package struct TaskLimits: Sendable, Equatable {
  /// Processors; nil if the task doesn't set them.
  package var cpus: Double?
  /// Memory in bytes; nil if the task doesn't set it.
  package var memory: Int64?
  /// Disk of its sandbox in bytes; nil if the task doesn't set it.
  package var disk: Int64?
  /// Its GPUs; nil if they are unknown.
  package var gpus: TaskGPUs?

  /// The guaranteed processors, if they differ from the limit.
  package var reservedCPUs: Double?
  /// The guaranteed memory in bytes, if it differs from the limit.
  package var reservedMemory: Int64?

  /// Creates limits.
  package init(cpus: Double?, memory: Int64?, gpus: TaskGPUs? = nil) {
    self.cpus = cpus
    self.memory = memory
    self.gpus = gpus
  }

  /// Refuses a service that requests more than its task has.
  ///
  /// - Parameter project: the project.
  /// - Throws: `DiagnosticError` with the line and both amounts.
  package func check(_ project: Project) throws(DiagnosticError) {
    for service in project.services.values.flatMap(\.withPreStart) {
      if let memory, let requested = service.memoryLimit, requested.value.bytes > memory {
        throw DiagnosticError(
          "service '\(service.name)' may use \(requested.value.bytes) bytes of memory, but its task has \(memory)",
          at: requested.position)
      }
      try gpus?.check(service)
      guard let cpus else { continue }
      if let requested = service.cpus, requested.value > cpus + 0.000_5 {
        throw DiagnosticError(
          "service '\(service.name)' may use \(requested.value) cpus, but its task has \(cpus)",
          at: requested.position)
      }
      if let quota = service.cpuQuota {
        let requested = Double(quota.value) / Double(service.cpuPeriod?.value ?? 100_000)
        if requested > cpus + 0.000_5 {
          throw DiagnosticError(
            "service '\(service.name)' may use \(requested) cpus (cpu_quota by cpu_period), but its task "
              + "has \(cpus)", at: quota.position)
        }
      }
    }
  }
}
