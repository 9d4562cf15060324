import Compose
import YAML

/// The needs of a service's containers, as set in its file.
package struct ServiceNeeds: Sendable {
  /// An amount and the key that sets it.
  package struct Source<Amount: Sendable>: Sendable {
    /// The amount for one container.
    package var amount: Amount
    /// The key, such as `mem_limit` or `deploy.resources.limits.memory`; `default` if the file sets
    /// no amount.
    package var key: String
  }

  /// The service's name.
  package var name: String
  /// The position in the file.
  package var position: SourcePosition
  /// The number of containers: `scale`, else `deploy.replicas`, else 1.
  package var replicas: Int64
  /// The CPU limit of one container; nil without a limit.
  package var cpuLimit: Source<CPUs>?
  /// The memory limit of one container; nil without a limit.
  package var memoryLimit: Source<ByteSize>?
  /// The CPU reservation of one container.
  package var cpuReservation: Source<CPUs>?
  /// The memory reservation of one container.
  package var memoryReservation: Source<ByteSize>?
  /// The GPUs of one container.
  package var gpus: GPUs
  /// The host ports of one container, in the order of the file.
  package var ports: [PortNeed]

  /// Reads the needs of a service (Compose specification, "cpus", "mem_limit" and the other limits;
  /// Compose Deploy specification, "resources").
  ///
  /// - Parameters:
  ///   - service: The service.
  ///   - isLegacy: True if `cpu_shares` is a limit, in 1024ths of a CPU: Compose 1 had no other key
  ///     for fractions.
  /// - Throws: `DiagnosticError` for limits that no engine accepts.
  init(_ service: Service, isLegacy: Bool) throws(DiagnosticError) {
    name = service.name
    position = service.position
    replicas = Int64(service.scale?.value ?? 1)
    cpuLimit = try Self.cpus(service.cpus)
    if let quota = try Self.quota(of: service) {
      guard cpuLimit == nil else {
        throw DiagnosticError(
          "`cpu_quota` and `\(cpuLimit?.key ?? "cpus")` are mutually exclusive",
          at: service.locations["cpu_quota"])
      }
      cpuLimit = quota
    }
    if isLegacy, cpuLimit == nil { cpuLimit = try Self.shares(of: service) }
    memoryLimit = Self.memory(service.memoryLimit)
    cpuReservation = try Self.cpus(service.cpuReservation)
    memoryReservation = Self.memory(service.memoryReservation)
    gpus = try GPUs(service.resources)
    ports = service.portNeeds()
  }

  private static let most: Int64 = 1_000_000

  private static func cpus(_ limit: Limit<Double>?) throws(DiagnosticError) -> Source<CPUs>? {
    guard let limit else { return nil }
    guard let cpus = CPUs(limit.value) else {
      throw DiagnosticError("`\(limit.key)` can't be \(Float(limit.value))", at: limit.position)
    }
    return Source(amount: cpus, key: limit.key)
  }

  private static func quota(of service: Service) throws(DiagnosticError) -> Source<CPUs>? {
    guard let quota = service.cpuQuota?.value, quota > 0 else { return nil }
    let period = service.cpuPeriod?.value ?? 0
    guard period == 0 || (1000...1_000_000).contains(period) else {
      throw DiagnosticError(
        "`cpu_period` must be 1000 to 1000000 microseconds, not \(period)",
        at: service.cpuPeriod?.position)
    }
    let cpus = try part(quota, of: period == 0 ? 100_000 : period, "cpu_quota", service)
    return Source(amount: cpus, key: period == 0 ? "cpu_quota" : "cpu_quota/cpu_period")
  }

  private static func shares(of service: Service) throws(DiagnosticError) -> Source<CPUs>? {
    guard let shares = service.cpuShares, shares > 0 else { return nil }
    let cpus = try part(shares, of: 1024, "cpu_shares", service)
    return Source(amount: cpus, key: "cpu_shares/1024")
  }

  /// A fraction of a CPU, rounded up to a billionth.
  private static func part(
    _ count: Int64, of whole: Int64, _ key: String, _ service: Service
  ) throws(DiagnosticError) -> CPUs {
    let (processors, rest) = count.quotientAndRemainder(dividingBy: whole)
    guard processors <= most else {
      throw DiagnosticError("`\(key)` can't be \(count)", at: service.locations[key])
    }
    return CPUs(
      billionths: processors * 1_000_000_000 + (rest * 1_000_000_000 + whole - 1) / whole)
  }

  private static func memory(_ limit: Limit<ByteSize>?) -> Source<ByteSize>? {
    guard let limit, limit.value > .zero else { return nil }
    return Source(amount: limit.value, key: limit.key)
  }
}
