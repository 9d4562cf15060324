extension ResourceSum {
  /// A table for people: each service, the executor, and the total; memory in MiB.
  public var table: String {
    var rows = [["SERVICE", "REPLICAS", "CPUS", "MEM/MiB", "GPUS", "PORTS", "FROM"]]
    for part in parts {
      let keys = [part.cpusFrom, part.memoryFrom].filter { !$0.isEmpty }
      rows.append(
        ["\(part.needs.name)", "\(part.needs.replicas)"] + Self.cells(part.all)
          + [keys.joined(separator: ", ")])
    }
    rows.append(["executor", ""] + Self.cells(executor) + [""])
    rows.append(["total", ""] + Self.cells(total) + [""])
    return Self.columns(rows)
  }

  /// The sum as JSON: memory as `mem` in MiB, rounded up, and exactly as `bytes`.
  public var json: String {
    let services = parts.map { part in
      JSONValue.object(
        [
          ("name", .string(part.needs.name)), ("replicas", .integer(part.needs.replicas)),
          ("each", .object(Self.members(part.each))), ("all", .object(Self.members(part.all))),
          (
            "from",
            .object([("cpus", .string(part.cpusFrom)), ("mem", .string(part.memoryFrom))])
          ),
        ])
    }
    return JSONValue.object([
      ("project", .string(project)), ("services", .array(services)),
      ("pod", .object(Self.members(pod))), ("executor", .object(Self.members(executor))),
      ("total", .object(Self.members(total))),
    ]).text
  }

  private static func cells(_ amounts: Amounts) -> [String] {
    [
      amounts.cpus.text, "\(amounts.memory.mebibytes)", "\(amounts.gpus)", "\(amounts.ports)",
    ]
  }

  private static func members(_ amounts: Amounts) -> [(key: String, value: JSONValue)] {
    [
      ("cpus", .number(amounts.cpus.text)), ("mem", .integer(amounts.memory.mebibytes)),
      ("bytes", .integer(amounts.memory.bytes)), ("gpus", .integer(amounts.gpus)),
      ("ports", .integer(amounts.ports)),
    ]
  }

  /// Numbers stand on the right of their columns.
  private static func columns(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let space = String(repeating: " ", count: widths[column] - cell.count)
        let isName = column == 0 || column == row.count - 1
        line += (column == 0 ? "" : "  ") + (isName ? cell + space : space + cell)
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
