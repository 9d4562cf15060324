import Compose
import JSON
import Program

extension ResourceSum {
  /// A table of each service, the executor and the total; memory in MiB.
  package var table: String {
    var table = TextTable([
      ("SERVICE", .left), ("REPLICAS", .right), ("CPUS", .right), ("MEM/MiB", .right),
      ("GPUS", .right), ("PORTS", .right), ("FROM", .left),
    ])
    func add(
      _ name: String, _ replicas: String, _ amounts: ResourceAmounts, from keys: [String] = []
    ) {
      let cells =
        [name, replicas] + Self.cells(amounts)
        + [keys.filter { !$0.isEmpty }.joined(separator: ", ")]
      table.add(cells.map { TextTable.Cell($0) })
    }
    for part in parts {
      add(
        part.needs.name, "\(part.needs.replicas)", part.all,
        from: [part.cpusFrom, part.memoryFrom])
    }
    add("executor", "", executor)
    add("total", "", total)
    return table.lines().joined(separator: "\n")
  }

  /// The sum as JSON: memory as `mem` in MiB, rounded up, and exactly as `bytes`.
  package func json() throws -> String {
    try SumReport(
      project: project,
      services: parts.map { part in
        SumReport.Service(
          name: part.needs.name, replicas: part.needs.replicas, each: part.each, all: part.all,
          from: SumReport.Keys(cpus: part.cpusFrom, mem: part.memoryFrom))
      }, pod: pod, executor: executor, total: total
    ).json()
  }

  private static func cells(_ amounts: ResourceAmounts) -> [String] {
    [
      amounts.cpus.text, "\(amounts.memory.mebibytes)", "\(amounts.gpus)", "\(amounts.ports)",
    ]
  }
}

private struct SumReport: Encodable {
  struct Keys: Encodable {
    var cpus: String
    var mem: String
  }
  struct Service: Encodable {
    var name: String
    var replicas: Int64
    var each: ResourceAmounts
    var all: ResourceAmounts
    var from: Keys
  }

  var project: String
  var services: [Service]
  var pod: ResourceAmounts
  var executor: ResourceAmounts
  var total: ResourceAmounts
}

extension ResourceAmounts: Encodable {
  private enum CodingKeys: CodingKey {
    case cpus, mem, bytes, gpus, ports
  }

  /// Writes memory twice: as `mem` in MiB, rounded up, and as `bytes`.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(cpus, forKey: .cpus)
    try values.encode(memory.mebibytes, forKey: .mem)
    try values.encode(memory.bytes, forKey: .bytes)
    try values.encode(gpus, forKey: .gpus)
    try values.encode(ports, forKey: .ports)
  }
}

extension CPUs: Encodable {
  /// Writes a number of CPUs, rounded up to thousandths.
  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    try value.encode(Double(milliCPUs) / 1000)
  }
}

extension Encodable {
  /// The value as JSON, indented for people.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
