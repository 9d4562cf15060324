import Compose
import OrderedCollections
import YAML

/// How a pod's needs are summed.
public struct SumOptions: Sendable {
  /// Takes what is reserved for a container where the file says so, else its limit.
  public var usesReservations = false
  /// Processor time for a container without a limit; nil refuses it.
  public var defaultCPUs: CPUs?
  /// Memory for a container without a limit; nil refuses it.
  public var defaultMemory: ByteSize?
  /// What `all` GPUs of a host are; nil refuses that.
  public var defaultGPUs: Int64?
  /// What the executor itself needs.
  public var executor = SumOptions.standardExecutor

  /// Enough for an executor with a dozen containers.
  public static let standardExecutor = Amounts(
    cpus: CPUs(billionths: 50_000_000), memory: ByteSize(bytes: 48 * 1_048_576))

  /// Sums limits, refuses services without, and counts an executor.
  public init() {}
}

/// Services that don't say what they need.
public struct UnlimitedServices: Error, Sendable, CustomStringConvertible {
  /// A line for each: place, name, and what can be done.
  public var lines: [String]
  /// The lines.
  public var description: String { lines.joined(separator: "\n") }
}

/// What a pod needs: the sum over its services, their replicas, and the executor.
public struct ResourceSum: Sendable {
  /// One service's part.
  public struct Part: Sendable {
    /// What its file says.
    public var needs: ServiceNeeds
    /// What one container counts; its named GPUs are counted for the service.
    public var each: Amounts
    /// What all its containers count together.
    public var all: Amounts
    /// The key that the processor time comes from, or `default`; empty for a service without containers.
    public var cpusFrom: String
    /// The key that the memory comes from.
    public var memoryFrom: String
  }

  /// The project's name.
  public var project: String
  /// The services in the order of the file.
  public var parts: [Part]
  /// The sum over the services.
  public var pod: Amounts
  /// The executor's own part.
  public var executor: Amounts
  /// Both together.
  public var total: Amounts
  /// What any one container may use at most. A task must have so much: the kernel refuses a container more processor
  /// time than its task has, and the executor more memory.
  public var largest: Amounts
  /// Host ports in the order in which they are handed out.
  public var ports: [PortNeed]

  /// Sums a project.
  ///
  /// - Parameters:
  ///   - project: the project.
  ///   - options: what counts.
  /// - Throws: `ComposeError` for a file that no pod can be made of, ``UnlimitedServices``.
  public init(_ project: Project, _ options: SumOptions = SumOptions()) throws {
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
      let devices = Amounts(
        cpus: .none, memory: .zero, gpus: Int64(count > 0 ? needs.gpus.named.count : 0))
      part.all = try Self.sum(Self.sum(.none, part.each, times: count), devices, times: 1)
      pod = try Self.sum(pod, part.each, times: count)
      parts.append(part)
      // The sum has bounded their number.
      if part.all.ports > 0 { for _ in 0..<count { ports += needs.ports } }
    }
    guard unlimited.isEmpty else { throw UnlimitedServices(lines: unlimited) }
    pod = try Self.sum(
      pod, Amounts(cpus: .none, memory: .zero, gpus: Int64(named.count)), times: 1)
    total = try Self.sum(pod, executor, times: 1)
  }

  private static func sum(
    _ left: Amounts, _ right: Amounts, times count: Int64
  ) throws(ComposeError) -> Amounts {
    guard let sum = left.adding(right, times: count), sum.ports < 65_536 else {
      throw ComposeError("the pod needs more than any host has")
    }
    return sum
  }
}

extension ResourceSum.Part {
  /// Takes what counts of a container's needs.
  ///
  /// - Returns: a line where something is without a limit.
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
    each = Amounts(
      cpus: cpus.amount, memory: memory.amount,
      gpus: needs.gpus.count + (needs.gpus.asksForAll ? options.defaultGPUs ?? 0 : 0),
      ports: Int64(needs.ports.count))
    cpusFrom = cpus.key
    memoryFrom = memory.key
    return nil
  }
}
