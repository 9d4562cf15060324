import Foundation

/// Aurora's `-custom_executor_config` file, and the tasks that Aurora creates for jobs with such an
/// executor.
package struct AuroraExecutor: Sendable {
  /// Input that Aurora rejects.
  package struct Refused: Error, CustomStringConvertible, Sendable {
    /// The reason.
    package let description: String
  }

  private let executor: JSON
  private let prefix: String

  /// Reads the executor with this name (ExecutorSettingsLoader.java, `read`).
  ///
  /// - Throws: Foundation's error if it isn't JSON, ``Refused``.
  package init(_ text: [UInt8], name: String) throws {
    let list = try JSON(parsing: text).array ?? []
    guard let entry = list.first(where: { $0["executor"]?["name"]?.string == name }),
      let executor = entry["executor"], let prefix = entry["task_prefix"]?.string
    else { throw Refused(description: "no executor \(name) with a task_prefix") }
    let resources = executor["resources"]?.array ?? []
    guard executor["command"]?["value"]?.string != nil,
      resources.allSatisfy({ $0["type"]?.string == "SCALAR" })
    else { throw Refused(description: "executor \(name) without a command or with odd resources") }
    self.executor = executor
    self.prefix = prefix
  }

  /// The task that Aurora sends to Mesos (MesosTaskFactory.java, `createFrom` and
  /// `configureTaskForExecutor`).
  ///
  /// - Parameters:
  ///   - id: The task's ID.
  ///   - ports: Host ports.
  ///   - metadata: The job's metadata, which becomes labels.
  ///   - uris: The job's own URIs.
  /// - Returns: The task.
  package func task(
    id: String, ports: [Int], metadata: [(key: String, value: String)], uris: [FetchURI]
  ) -> TaskDescription {
    let command = executor["command"] ?? [:]
    var task = TaskDescription.aurora(
      id: id, command: command["value"]?.string ?? "", ports: ports, metadata: metadata)
    task.executorID = prefix + id
    task.labels.insert(("org.apache.aurora.tier", "preemptible"), at: 0)
    // Jackson accepts a text for a boolean. The sample in Aurora's documentation depends on it.
    task.isShell = command["shell"]?.string.map { $0 == "true" } ?? command["shell"]?.bool ?? true
    task.arguments = command["arguments"]?.array?.compactMap(\.string) ?? []
    let own = command["uris"]?.array ?? []
    task.uris = own.map { FetchURI($0, address: "value", extracts: true) } + uris
    task.executorCPUs = resource("cpus")
    task.executorMemory = resource("mem")
    return task
  }

  private func resource(_ name: String) -> Double {
    let resource = executor["resources"]?.array?.first { $0["name"]?.string == name }
    return resource?["scalar"]?["value"]?.double ?? 0
  }
}
