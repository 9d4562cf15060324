import Compose
import YAML

/// What a service's file says that its containers need.
public struct ServiceNeeds: Sendable {
  /// An amount, and the key that says so.
  public struct Source<Amount: Sendable>: Sendable {
    /// The amount for one container.
    public var amount: Amount
    /// Such as `mem_limit` or `deploy.resources.limits.memory`; `default` where the file says nothing.
    public var key: String
  }

  /// The service's name.
  public var name: String
  /// Where it stands.
  public var position: SourcePosition
  /// How many containers it has: `scale`, else `deploy.replicas`, else 1.
  public var replicas: Int64
  /// The most processor time that one container may use; nil without a limit.
  public var cpuLimit: Source<CPUs>?
  /// The most memory that one container may use; nil without a limit.
  public var memoryLimit: Source<ByteSize>?
  /// Processor time that is reserved for one container.
  public var cpuReservation: Source<CPUs>?
  /// Memory that is reserved for one container.
  public var memoryReservation: Source<ByteSize>?
  /// Graphics processors of one container.
  public var gpus: GPUs
  /// Host ports of one container, in the order of the file.
  public var ports: [PortNeed]

  /// Reads what a service needs (Compose specification, "cpus", "mem_limit" and their kin; Compose Deploy
  /// specification, "resources").
  ///
  /// - Parameters:
  ///   - service: the service.
  ///   - isLegacy: whether `cpu_shares` is a limit, in 1024ths of a processor: the first format had no other for fractions.
  /// - Throws: `ComposeError` for limits that no engine takes.
  init(_ service: Service, isLegacy: Bool) throws(ComposeError) {
    name = service.name
    position = service.position
    replicas = Int64(service.scale?.value ?? 1)
    cpuLimit = try Self.cpus(service.cpus)
    if let quota = try Self.quota(of: service) {
      guard cpuLimit == nil else {
        throw ComposeError(
          "`cpu_quota` and `\(cpuLimit?.key ?? "cpus")` exclude each other",
          at: service.places["cpu_quota"])
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

  private static func cpus(_ limit: Limit<Double>?) throws(ComposeError) -> Source<CPUs>? {
    guard let limit else { return nil }
    guard let cpus = CPUs(limit.value) else {
      throw ComposeError("`\(limit.key)` can't be \(Float(limit.value))", at: limit.position)
    }
    return Source(amount: cpus, key: limit.key)
  }

  private static func quota(of service: Service) throws(ComposeError) -> Source<CPUs>? {
    guard let quota = service.cpuQuota?.value, quota > 0 else { return nil }
    let period = service.cpuPeriod?.value ?? 0
    guard period == 0 || (1000...1_000_000).contains(period) else {
      throw ComposeError(
        "`cpu_period` must be 1000 to 1000000 microseconds, not \(period)",
        at: service.cpuPeriod?.position)
    }
    let cpus = try part(quota, of: period == 0 ? 100_000 : period, "cpu_quota", service)
    return Source(amount: cpus, key: period == 0 ? "cpu_quota" : "cpu_quota/cpu_period")
  }

  private static func shares(of service: Service) throws(ComposeError) -> Source<CPUs>? {
    guard let shares = service.cpuShares, shares > 0 else { return nil }
    let cpus = try part(shares, of: 1024, "cpu_shares", service)
    return Source(amount: cpus, key: "cpu_shares/1024")
  }

  /// A fraction of a processor, rounded up to a billionth.
  private static func part(
    _ count: Int64, of whole: Int64, _ key: String, _ service: Service
  ) throws(ComposeError) -> CPUs {
    let (processors, rest) = count.quotientAndRemainder(dividingBy: whole)
    guard processors <= most else {
      throw ComposeError("`\(key)` can't be \(count)", at: service.places[key])
    }
    return CPUs(
      billionths: processors * 1_000_000_000 + (rest * 1_000_000_000 + whole - 1) / whole)
  }

  private static func memory(_ limit: Limit<ByteSize>?) -> Source<ByteSize>? {
    guard let limit, limit.value > .zero else { return nil }
    return Source(amount: limit.value, key: limit.key)
  }
}
