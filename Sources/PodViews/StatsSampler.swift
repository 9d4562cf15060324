import DockerEngine
import PodIdentity
import PodObjects

/// One line of `stats`: a pod, or a container of a service.
package struct StatsRow: Sendable {
  /// The pod's task ID, or the service, with `-N` after it where it has several containers.
  package let name: String
  /// The usage and limits.
  package var figures: CgroupFigures
  /// Used CPUs since the previous sample; nil in the first sample.
  package var processors: Double?
  /// Bytes received and sent; nil where they are unknown, and for the host's network.
  package var network: (received: Int64, sent: Int64)?
}

/// Samples the usage of pods or services from the kernel's files, or from the engine.
package struct StatsSampler: Sendable {
  private let engine: DockerEngine
  private let reader: CgroupReader
  private var before: [String: (seconds: Double, time: ContinuousClock.Instant)] = [:]

  /// A sampler.
  ///
  /// - Parameters:
  ///   - engine: the source where cgroups can't be read.
  ///   - reader: reads cgroups.
  package init(engine: DockerEngine, reader: CgroupReader = CgroupReader()) {
    (self.engine, self.reader) = (engine, reader)
  }

  /// Samples each pod.
  ///
  /// - Parameter pods: the pods.
  /// - Returns: one row for each pod, in the order of `pods`.
  package mutating func sample(of pods: [ListedPod]) async -> [StatsRow] {
    // Concurrent, because the engine needs one to two seconds for each response.
    let sampler = self
    let all = await withTaskGroup(of: (Int, [Reading]).self) { group in
      for (index, pod) in pods.enumerated() {
        group.addTask { (index, await sampler.readings(of: pod, needsAll: false)) }
      }
      return await group.reduce(into: [Int: [Reading]]()) { $0[$1.0] = $1.1 }
    }
    var rows: [StatsRow] = []
    for (index, pod) in pods.enumerated() {
      let readings = all[index] ?? []
      var total = reader.figures(of: pod.identity.cgroupParent)
      if total == nil, !readings.isEmpty {
        // Where the pod's own cgroup can't be read, the usage of its containers is added.
        total = readings.map(\.figures).reduce(into: CgroupFigures()) { $0.add($1) }
      }
      let network = Dictionary(
        readings.compactMap(\.network).map { ($0.namespace, $0) }, uniquingKeysWith: { $1 })
      let key = "pod \(pod.identity.run) \(pod.identity.taskID) \(pod.identity.frameworkID)"
      rows.append(
        row(
          pod.identity.taskID, key, total ?? CgroupFigures(),
          network.isEmpty
            ? nil
            : network.values.reduce((received: 0, sent: 0)) {
              ($0.received &+ $1.received, $0.sent &+ $1.sent)
            }))
    }
    return rows
  }

  /// Samples each running container of a pod's services.
  ///
  /// - Parameter pod: the pod.
  /// - Returns: one row for each container, in their order.
  package mutating func sample(ofServices pod: ListedPod) async -> [StatsRow] {
    let limit = reader.figures(of: pod.identity.cgroupParent)?.memoryLimit
    return await readings(of: pod, needsAll: true).filter { $0.container.role == .service }.map {
      reading in
      var figures = reading.figures
      // The smaller limit applies.
      figures.memoryLimit = [figures.memoryLimit, limit].compactMap(\.self).min()
      return row(
        reading.container.displayName, reading.container.id, figures,
        reading.network.map { ($0.received, $0.sent) })
    }
  }

  private mutating func row(
    _ name: String, _ key: String, _ figures: CgroupFigures,
    _ network: (received: Int64, sent: Int64)?
  ) -> StatsRow {
    let now = ContinuousClock.now
    var row = StatsRow(name: name, figures: figures, processors: nil, network: network)
    if let seconds = figures.seconds {
      if let last = before[key], seconds >= last.seconds, now > last.time {
        row.processors = (seconds - last.seconds) / ((now - last.time) / .seconds(1))
      }
      before[key] = (seconds, now)
    }
    return row
  }

  private struct Reading: Sendable {
    let container: ListedContainer
    let figures: CgroupFigures
    let network: NetworkFigures?
  }

  /// Reads the usage of the running containers concurrently. Where the pod's own cgroup can be
  /// read, the engine is used only if `needsAll` is true.
  private func readings(of pod: ListedPod, needsAll: Bool) async -> [Reading] {
    let engine = engine
    let reader = reader
    let hasOwn = !needsAll && reader.figures(of: pod.identity.cgroupParent) != nil
    let running = pod.containers.filter(\.isUp)
    let found = await withTaskGroup(of: Reading?.self) { group in
      for container in running {
        group.addTask {
          if let path = pod.cgroup(of: container), let figures = reader.figures(of: path) {
            let pid = reader.process(in: path)
            return Reading(
              container: container, figures: figures,
              network: pid.flatMap { NetworkFigures(of: $0) })
          }
          if hasOwn { return nil }
          guard let usage = try? await engine.usage(of: container.id) else { return nil }
          return Reading(
            container: container, figures: CgroupFigures(usage),
            network: NetworkFigures(usage, of: container))
        }
      }
      return await group.reduce(into: [String: Reading]()) {
        if let reading = $1 { $0[reading.container.id] = reading }
      }
    }
    return running.compactMap { found[$0.id] }
  }
}

extension CgroupFigures {
  /// The usage that the engine reports.
  init(_ usage: ContainerUsage) {
    self.init()
    func number(_ value: UInt64?) -> Int64? { value.map { Int64(clamping: $0) } }
    memory = number(usage.memory).map { max(0, $0 - (number(usage.inactiveFile) ?? 0)) }
    memoryLimit = number(usage.memoryLimit)
    seconds = usage.processorTime.map { Double($0) / 1e9 }
    tasks = number(usage.tasks)
    read = number(usage.read)
    written = number(usage.written)
  }

  /// Adds the usage of another cgroup, without its limits.
  fileprivate mutating func add(_ other: CgroupFigures) {
    func sum(_ one: Int64?, _ two: Int64?) -> Int64? {
      guard let one, let two else { return one ?? two }
      let (sum, overflows) = one.addingReportingOverflow(two)
      return overflows ? .max : sum
    }
    memory = sum(memory, other.memory)
    tasks = sum(tasks, other.tasks)
    read = sum(read, other.read)
    written = sum(written, other.written)
    if let more = other.seconds { seconds = (seconds ?? 0) + more }
  }
}

extension NetworkFigures {
  fileprivate init?(_ usage: ContainerUsage, of container: ListedContainer) {
    guard let received = usage.received, let sent = usage.sent else { return nil }
    self.init(
      received: Int64(clamping: received), sent: Int64(clamping: sent), namespace: container.id)
  }
}
