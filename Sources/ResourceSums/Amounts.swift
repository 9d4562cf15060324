import Compose

/// Processor time. The Engine API counts billionths of a processor, Mesos keeps thousandths: a resource's scalar is
/// rounded to three decimals (Mesos, src/common/values.cpp), so what is asked for is rounded up to them.
public struct CPUs: Sendable, Hashable, Comparable {
  /// No processor time.
  public static let none = CPUs(billionths: 0)

  /// Billionths of a processor.
  public var billionths: Int64

  /// So many billionths of a processor.
  public init(billionths: Int64) { self.billionths = billionths }

  /// Reads a decimal number of processors such as `0.5`; nil for what is none, is negative or above a million.
  public init?(_ text: String) {
    guard let value = Double(text) else { return nil }
    self.init(value)
  }

  /// So many processors; nil for what is negative or above a million.
  public init?(_ processors: Double) {
    guard (0...1_000_000).contains(processors) else { return nil }
    self.init(billionths: Int64((processors * 1_000_000_000).rounded()))
  }

  /// Thousandths, rounded up.
  public var thousandths: Int64 {
    let (whole, rest) = billionths.quotientAndRemainder(dividingBy: 1_000_000)
    return whole + (rest > 0 ? 1 : 0)
  }

  /// The thousandths as a decimal number without needless zeros: `0.5`, `2`.
  public var text: String {
    let (whole, rest) = thousandths.quotientAndRemainder(dividingBy: 1000)
    var digits = String(rest + 1000).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return digits.isEmpty ? "\(whole)" : "\(whole).\(digits)"
  }

  /// The lesser is that of less time.
  public static func < (left: CPUs, right: CPUs) -> Bool { left.billionths < right.billionths }
}

extension ByteSize {
  /// MiB, rounded up: Docker limits bytes, an agent whole MiB of the fractions that a task may name (Mesos,
  /// `Resources::mem`).
  public var mebibytes: Int64 {
    let (whole, rest) = bytes.quotientAndRemainder(dividingBy: 1_048_576)
    return whole + (rest > 0 ? 1 : 0)
  }
}

/// What a pod, or a part of it, needs of a host.
public struct Amounts: Sendable, Equatable {
  /// Nothing.
  public static let none = Amounts(cpus: .none, memory: .zero)

  /// Processor time.
  public var cpus: CPUs
  /// Memory.
  public var memory: ByteSize
  /// Graphics processors.
  public var gpus: Int64
  /// Host ports.
  public var ports: Int64

  /// Joins amounts.
  public init(cpus: CPUs, memory: ByteSize, gpus: Int64 = 0, ports: Int64 = 0) {
    self.cpus = cpus
    self.memory = memory
    self.gpus = gpus
    self.ports = ports
  }

  /// These and so many times the others; nil if that is more than can be counted.
  func adding(_ other: Amounts, times count: Int64 = 1) -> Amounts? {
    func add(_ left: Int64, _ right: Int64) -> Int64? {
      let (product, isTooLarge) = right.multipliedReportingOverflow(by: count)
      let (sum, overflows) = left.addingReportingOverflow(product)
      return isTooLarge || overflows ? nil : sum
    }
    guard let cpus = add(cpus.billionths, other.cpus.billionths),
      let bytes = add(memory.bytes, other.memory.bytes), let gpus = add(gpus, other.gpus),
      let ports = add(ports, other.ports)
    else { return nil }
    return Amounts(
      cpus: CPUs(billionths: cpus), memory: ByteSize(bytes: bytes), gpus: gpus, ports: ports)
  }
}
