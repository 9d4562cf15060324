import Compose

/// CPU time. The Engine API counts billionths of a CPU. Mesos rounds the scalar of a resource to
/// three decimals (Mesos, src/common/values.cpp), so requests are rounded up to thousandths.
package struct CPUs: Sendable, Hashable, Comparable {
  /// No CPU time.
  package static let none = CPUs(billionths: 0)

  /// Billionths of a CPU.
  package var billionths: Int64

  /// Creates an amount from billionths of a CPU.
  package init(billionths: Int64) { self.billionths = billionths }

  /// Parses a decimal number of CPUs such as `0.5`; nil if the text isn't a number, is negative or
  /// is above a million.
  package init?(_ text: String) {
    guard let value = Double(text) else { return nil }
    self.init(value)
  }

  /// Creates an amount from a number of CPUs; nil if it is negative or above a million.
  package init?(_ processors: Double) {
    guard (0...1_000_000).contains(processors) else { return nil }
    self.init(billionths: Int64((processors * 1_000_000_000).rounded()))
  }

  /// Thousandths of a CPU, rounded up.
  package var milliCPUs: Int64 {
    let (whole, rest) = billionths.quotientAndRemainder(dividingBy: 1_000_000)
    return whole + (rest > 0 ? 1 : 0)
  }

  /// The thousandths as a decimal number without trailing zeros: `0.5`, `2`.
  package var text: String {
    let (whole, rest) = milliCPUs.quotientAndRemainder(dividingBy: 1000)
    var digits = String(rest + 1000).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return digits.isEmpty ? "\(whole)" : "\(whole).\(digits)"
  }

  /// Compares the amounts of CPU time.
  package static func < (left: CPUs, right: CPUs) -> Bool { left.billionths < right.billionths }
}

extension ByteSize {
  /// MiB, rounded up: Docker limits bytes, but an agent uses whole MiB of a task's memory (Mesos,
  /// `Resources::mem`).
  package var mebibytes: Int64 {
    let (whole, rest) = bytes.quotientAndRemainder(dividingBy: 1_048_576)
    return whole + (rest > 0 ? 1 : 0)
  }
}

/// The resources that a pod, or a part of it, needs.
package struct ResourceAmounts: Sendable, Equatable {
  /// No resources.
  package static let none = ResourceAmounts(cpus: .none, memory: .zero)

  /// CPU time.
  package var cpus: CPUs
  /// Memory.
  package var memory: ByteSize
  /// The number of GPUs.
  package var gpus: Int64
  /// The number of host ports.
  package var ports: Int64

  /// Creates amounts.
  package init(cpus: CPUs, memory: ByteSize, gpus: Int64 = 0, ports: Int64 = 0) {
    self.cpus = cpus
    self.memory = memory
    self.gpus = gpus
    self.ports = ports
  }

  /// Adds the other amounts `count` times; nil on overflow.
  func adding(_ other: ResourceAmounts, times count: Int64 = 1) -> ResourceAmounts? {
    func add(_ left: Int64, _ right: Int64) -> Int64? {
      let (product, isTooLarge) = right.multipliedReportingOverflow(by: count)
      let (sum, overflows) = left.addingReportingOverflow(product)
      return isTooLarge || overflows ? nil : sum
    }
    guard let cpus = add(cpus.billionths, other.cpus.billionths),
      let bytes = add(memory.bytes, other.memory.bytes), let gpus = add(gpus, other.gpus),
      let ports = add(ports, other.ports)
    else { return nil }
    return ResourceAmounts(
      cpus: CPUs(billionths: cpus), memory: ByteSize(bytes: bytes), gpus: gpus, ports: ports)
  }
}
