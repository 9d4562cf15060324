import Compose
import OrderedCollections
import YAML

/// The rules for summing a pod's needs.
package struct SumOptions: Sendable {
  /// True to count a container's reservations where the file sets them, else its limits.
  package var usesReservations = false
  /// CPU time of a container without a limit; nil refuses such a container.
  package var defaultCPUs: CPUs?
  /// Memory of a container without a limit; nil refuses such a container.
  package var defaultMemory: ByteSize?
  /// The number of GPUs in a request for `all`; nil refuses such a request.
  package var defaultGPUs: Int64?
  /// The needs of the executor itself.
  package var executor = SumOptions.standardExecutor

  /// Sufficient for an executor with a dozen containers.
  package static let standardExecutor = ResourceAmounts(
    cpus: CPUs(billionths: 50_000_000), memory: ByteSize(bytes: 48 * 1_048_576))

  /// Sums limits, refuses services without limits, and counts an executor.
  package init() {}
}

/// Services without limits.
package struct UnlimitedServices: Error, Sendable, CustomStringConvertible {
  /// One line per service: position, name and remedy.
  package var lines: [String]
  /// The lines.
  package var description: String { lines.joined(separator: "\n") }
}

/// The needs of a pod: the sum over its services, their replicas, and the executor.
package struct ResourceSum: Sendable {
  /// The needs of one service.
  package struct Part: Sendable {
    /// The needs that its file sets.
    package var needs: ServiceNeeds
    /// The amounts of one container. GPUs with an ID are counted for the service instead.
    package var each: ResourceAmounts
    /// The amounts of all its containers.
    package var all: ResourceAmounts
    /// The key that sets the CPU time, or `default`; empty for a service without containers.
    package var cpusFrom: String
    /// The key that sets the memory, or `default`; empty for a service without containers.
    package var memoryFrom: String
  }

  /// The project's name.
  package var project: String
  /// The services in the order of the file.
  package var parts: [Part]
  /// The sum over the services.
  package var pod: ResourceAmounts
  /// The needs of the executor itself.
  package var executor: ResourceAmounts
  /// The sum of the pod and the executor.
  package var total: ResourceAmounts
  /// The maximum that any single container may use. A task must have at least as much: the kernel
  /// refuses a container more CPU time than its task has, and the executor refuses it more memory.
  package var largest: ResourceAmounts
  /// Host ports in the order in which the pod assigns them.
  package var ports: [PortNeed]

  /// Sums a project.
  ///
  /// - Parameters:
  ///   - project: The project.
  ///   - options: The rules for the sum.
  /// - Throws: `DiagnosticError` for a file that no pod can be created from, ``UnlimitedServices``.
  package init(_ project: Project, _ options: SumOptions = SumOptions()) throws {
    if let fault = project.faults.first { throw fault }
    self.project = project.name
    parts = []
    ports = []
    pod = .none
    largest = .none
    executor = options.executor
    var unlimited: [String] = []
    var named: Set<String> = []
    for service in project.services.values {
      let needs = try ServiceNeeds(service, isLegacy: project.isLegacy)
      let count = needs.replicas
      var part = Part(needs: needs, each: .none, all: .none, cpusFrom: "", memoryFrom: "")
      if count > 0 {
        if let line = part.choose(options, isLegacy: project.isLegacy) {
          unlimited.append(line)
          continue
        }
        named.formUnion(needs.gpus.named)
        largest.cpus = max(largest.cpus, needs.cpuLimit?.amount ?? part.each.cpus)
        largest.memory = max(largest.memory, needs.memoryLimit?.amount ?? part.each.memory)
      }
      let devices = ResourceAmounts(
        cpus: .none, memory: .zero, gpus: Int64(count > 0 ? needs.gpus.named.count : 0))
      part.all = try Self.sum(Self.sum(.none, part.each, times: count), devices, times: 1)
      pod = try Self.sum(pod, part.each, times: count)
      parts.append(part)
      // The sum above bounds the number of ports.
      if part.all.ports > 0 { for _ in 0..<count { ports += needs.ports } }
    }
    guard unlimited.isEmpty else { throw UnlimitedServices(lines: unlimited) }
    pod = try Self.sum(
      pod, ResourceAmounts(cpus: .none, memory: .zero, gpus: Int64(named.count)), times: 1)
    total = try Self.sum(pod, executor, times: 1)
  }

  private static func sum(
    _ left: ResourceAmounts, _ right: ResourceAmounts, times count: Int64
  ) throws(DiagnosticError) -> ResourceAmounts {
    guard let sum = left.adding(right, times: count), sum.ports < 65_536 else {
      throw DiagnosticError("the pod's resources exceed the range of a number")
    }
    return sum
  }
}

extension ResourceSum.Part {
  /// Selects the amounts of one container by the options.
  ///
  /// - Returns: A line for the user if an amount has no limit.
  mutating func choose(_ options: SumOptions, isLegacy: Bool) -> String? {
    typealias CPUSource = ServiceNeeds.Source<CPUs>
    typealias MemorySource = ServiceNeeds.Source<ByteSize>
    let cpus =
      (options.usesReservations ? needs.cpuReservation : nil) ?? needs.cpuLimit
      ?? options.defaultCPUs.map { CPUSource(amount: $0, key: "default") }
    let memory =
      (options.usesReservations ? needs.memoryReservation : nil) ?? needs.memoryLimit
      ?? options.defaultMemory.map { MemorySource(amount: $0, key: "default") }
    var missing: [(what: String, keys: String, option: String)] = []
    if cpus == nil {
      missing.append(("cpus", isLegacy ? "cpu_quota or cpu_shares" : "cpus", "--default-cpus"))
    }
    if memory == nil { missing.append(("memory", "mem_limit", "--default-mem")) }
    if needs.gpus.asksForAll, options.defaultGPUs == nil {
      missing.append(("GPUs", "their count", "--default-gpus"))
    }
    guard missing.isEmpty, let cpus, let memory else {
      func list(_ words: [String]) -> String { words.joined(separator: " and ") }
      return "\(needs.position): service '\(needs.name)' sets no limit of "
        + "\(list(missing.map(\.what))): set \(list(missing.map(\.keys))), or give "
        + list(missing.map(\.option))
    }
    each = ResourceAmounts(
      cpus: cpus.amount, memory: memory.amount,
      gpus: needs.gpus.count + (needs.gpus.asksForAll ? options.defaultGPUs ?? 0 : 0),
      ports: Int64(needs.ports.count))
    cpusFrom = cpus.key
    memoryFrom = memory.key
    return nil
  }
}
