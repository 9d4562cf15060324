import Foundation

/// A job file as `australis create` reads it (australis, internal/job.go), and the task that Aurora
/// creates for it. A key that this type doesn't support is refused instead of ignored.
package struct AuroraJob: Sendable {
  private static let keys: Set<String> = [
    "role", "environment", "name", "cpu", "ram", "disk", "port", "gpu", "executor", "instances",
    "maxFailures", "uris", "labels", "service", "tier",
  ]
  private let job: JSON

  /// Reads a job. Refuses what `Job.Validate` refuses.
  ///
  /// - Throws: Foundation's error if it isn't JSON, ``AuroraExecutor/Refused``.
  package init(_ text: [UInt8]) throws {
    job = try JSON(parsing: text)
    func refuse(_ why: String) -> any Error { AuroraExecutor.Refused(description: why) }
    let members = job.members ?? [:]
    if let unknown = Set(members.keys).subtracting(Self.keys).sorted().first {
      throw refuse("the key \(unknown)")
    }
    for key in ["role", "environment", "name"] where job[key]?.string?.isEmpty != false {
      throw refuse("no \(key)")
    }
    for key in ["cpu", "ram", "disk", "instances"] where (job[key]?.double ?? 0) <= 0 {
      throw refuse("\(key) must be greater than 0")
    }
    // Go's integers don't accept a fraction.
    for key in ["ram", "disk", "port", "gpu", "instances"] where job[key] != nil {
      guard job[key]?.integer != nil else { throw refuse("\(key) must be a whole number") }
    }
    guard executor.isEmpty == false else { throw refuse("no executor") }
  }

  /// The name of the executor.
  package var executor: String { job["executor"]?["name"]?.string ?? "" }

  /// The number of host ports for each task.
  package var ports: Int { Int(job["port"]?.integer ?? 0) }

  /// The task that Aurora sends to Mesos for one instance.
  ///
  /// - Parameters:
  ///   - executor: The scheduler's entry for the job's executor.
  ///   - id: The task's ID.
  ///   - ports: Host ports, as many as the job requests.
  /// - Returns: The task.
  /// - Throws: ``AuroraExecutor/Refused`` for another number of ports.
  package func task(by executor: AuroraExecutor, id: String, ports: [Int]) throws -> TaskDescription
  {
    guard ports.count == self.ports else {
      throw AuroraExecutor.Refused(description: "\(self.ports) ports, not \(ports.count)")
    }
    let metadata = (job["labels"]?.members ?? [:]).sorted { $0.key < $1.key }
    var task = executor.task(
      id: id, ports: ports, metadata: metadata.map { ($0.key, $0.value.string ?? "") },
      uris: (job["uris"]?.array ?? []).map { FetchURI($0, address: "uri", extracts: false) })
    task.cpus = job["cpu"]?.double ?? 0
    task.memory = job["ram"]?.double ?? 0
    return task
  }
}
