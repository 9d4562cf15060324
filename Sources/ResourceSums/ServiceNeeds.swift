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
  public var memoryLimit: Source<Memory>?
  /// Processor time that is reserved for one container.
  public var cpuReservation: Source<CPUs>?
  /// Memory that is reserved for one container.
  public var memoryReservation: Source<Memory>?
  /// Graphics processors of one container.
  public var gpus: GPUs
  /// Host ports of one container, in the order of the file.
  public var ports: [PortNeed]

  /// Reads a service (Compose specification, "cpus", "mem_limit" and their kin; Compose Deploy specification, "resources").
  ///
  /// - Parameters:
  ///   - service: the service.
  ///   - node: the same in the project's canonical tree.
  ///   - isLegacy: whether `cpu_shares` is a limit, in 1024ths of a processor: the first format had no other for fractions.
  /// - Throws: `ComposeError` for limits that no engine takes.
  init(_ service: Service, _ node: YAMLNode, isLegacy: Bool) throws(ComposeError) {
    name = service.name
    position = service.position
    replicas = node["scale"]?.integer ?? node["deploy"]?["replicas"]?.integer ?? 1
    let limits = node["deploy"]?["resources"]?["limits"]
    let reservations = node["deploy"]?["resources"]?["reservations"]
    cpuLimit = try Self.cpus(node["cpus"], "cpus")
    if cpuLimit == nil {
      cpuLimit = try Self.cpus(limits?["cpus"], "deploy.resources.limits.cpus")
    }
    if let quota = try Self.quota(node) {
      guard cpuLimit == nil else {
        throw ComposeError(
          "`cpu_quota` and `\(cpuLimit?.key ?? "cpus")` exclude each other",
          at: node.position(ofKey: "cpu_quota"))
      }
      cpuLimit = quota
    }
    if isLegacy, cpuLimit == nil { cpuLimit = try Self.shares(node) }
    memoryLimit =
      Self.memory(node["mem_limit"], "mem_limit")
      ?? Self.memory(limits?["memory"], "deploy.resources.limits.memory")
    cpuReservation = try Self.cpus(
      reservations?["cpus"], "deploy.resources.reservations.cpus")
    memoryReservation =
      Self.memory(node["mem_reservation"], "mem_reservation")
      ?? Self.memory(reservations?["memory"], "deploy.resources.reservations.memory")
    gpus = try GPUs(node)
    ports = PortNeed.needs(of: service)
  }

  private static let most: Int64 = 1_000_000

  private static func cpus(
    _ node: YAMLNode?, _ key: String
  ) throws(ComposeError) -> Source<CPUs>? {
    guard let node, case .single(let value) = node.content, value != 0 else { return nil }
    // By way of its shortest text, so that 0.1 stays 0.1.
    guard let cpus = CPUs(value.description) else {
      throw ComposeError("`\(key)` can't be \(value)", at: node.position)
    }
    return Source(amount: cpus, key: key)
  }

  private static func quota(_ node: YAMLNode) throws(ComposeError) -> Source<CPUs>? {
    guard let quota = node["cpu_quota"]?.integer, quota > 0 else { return nil }
    let period = node["cpu_period"]?.integer ?? 0
    guard period == 0 || (1000...1_000_000).contains(period) else {
      throw ComposeError(
        "`cpu_period` must be 1000 to 1000000 microseconds, not \(period)",
        at: node["cpu_period"]?.position ?? node.position)
    }
    let cpus = try part(
      quota, of: period == 0 ? 100_000 : period, "cpu_quota", at: node.position(ofKey: "cpu_quota"))
    return Source(amount: cpus, key: period == 0 ? "cpu_quota" : "cpu_quota/cpu_period")
  }

  private static func shares(_ node: YAMLNode) throws(ComposeError) -> Source<CPUs>? {
    guard let shares = node["cpu_shares"]?.integer, shares > 0 else { return nil }
    let cpus = try part(
      shares, of: 1024, "cpu_shares", at: node.position(ofKey: "cpu_shares"))
    return Source(amount: cpus, key: "cpu_shares/1024")
  }

  /// A fraction of a processor, rounded up to a billionth.
  private static func part(
    _ count: Int64, of whole: Int64, _ key: String, at position: SourcePosition
  ) throws(ComposeError) -> CPUs {
    let (processors, rest) = count.quotientAndRemainder(dividingBy: whole)
    guard processors <= most else { throw ComposeError("`\(key)` can't be \(count)", at: position) }
    return CPUs(
      billionths: processors * 1_000_000_000 + (rest * 1_000_000_000 + whole - 1) / whole)
  }

  private static func memory(_ node: YAMLNode?, _ key: String) -> Source<Memory>? {
    guard let bytes = node?.string.flatMap({ Int64($0) }), bytes > 0 else { return nil }
    return Source(amount: Memory(bytes: bytes), key: key)
  }
}
