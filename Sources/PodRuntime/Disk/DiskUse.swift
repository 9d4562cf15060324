import DockerEngine
import PodIdentity

/// The bytes that a pod's containers have written to the engine's disk: their writable layers,
/// without images, volumes and logs.
struct DiskUse: Sendable, Equatable {
  /// Bytes of each service's containers.
  private(set) var services: [String: Int64] = [:]

  /// Sums the sizes of containers. A missing or negative size counts as 0.
  init(_ containers: [ContainerSummary]) {
    for container in containers {
      let name = container.labels[PodLabel.composeService] ?? container.name
      let sum = (services[name] ?? 0).addingReportingOverflow(max(0, container.writtenBytes ?? 0))
      services[name] = sum.overflow ? .max : sum.partialValue
    }
  }

  /// Bytes of all containers.
  var total: Int64 {
    services.values.reduce(0) { all, bytes in
      let sum = all.addingReportingOverflow(bytes)
      return sum.overflow ? .max : sum.partialValue
    }
  }

  /// One line about a pod that has exceeded its task's disk, with the services that wrote most.
  ///
  /// - Parameters:
  ///   - task: the task's ID.
  ///   - limit: its disk in bytes.
  /// - Returns: such as `task web.1 uses 12.0 MB of disk in its containers' writable layers, and
  ///   its limit is 5.0 MB: web 10.0 MB, log 2.0 MB`.
  func excess(of task: String, over limit: Int64) -> String {
    let most = services.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let words = most.prefix(3).map { "\($0.key) \(Self.text($0.value))" }
    let rest = most.count > 3 ? ", and \(most.count - 3) more" : ""
    return
      "task \(task) uses \(Self.text(total)) of disk in its containers' writable layers, and its limit is "
      + "\(Self.text(limit)): \(words.joined(separator: ", "))\(rest)"
  }

  /// A size such as `12.5 MB`, in units of 1024, as Mesos counts disk.
  static func text(_ bytes: Int64) -> String {
    var (value, unit) = (Double(max(0, bytes)), "B")
    for next in ["kB", "MB", "GB", "TB"] where value >= 1024 {
      (value, unit) = (value / 1024, next)
    }
    let tenths = Int((value * 10).rounded())
    return unit == "B" ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(unit)"
  }
}
