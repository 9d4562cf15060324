import Program

/// The table of `stats`.
package enum StatsTable {
  /// The table for people.
  ///
  /// - Parameters:
  ///   - rows: the rows.
  ///   - title: the title of the column of names.
  /// - Returns: the table.
  package static func table(of rows: [StatsRow], title: String) -> ViewTable {
    var table = ViewTable([
      .init(title), .init("cpu %", .right), .init("mem / limit", .right),
      .init("mem %", .right, rank: 2), .init("net i/o", .right), .init("block i/o", .right),
      .init("pids", .right, rank: 1),
    ])
    for row in rows {
      let figures = row.figures
      table.add([
        .init(row.name), .init(row.processors.map(Amount.percent) ?? "-"),
        PodTable.memory(figures.memory, figures.memoryLimit),
        .init(share(figures.memory, figures.memoryLimit).map(Amount.percent) ?? "-"),
        pair(row.network?.received, row.network?.sent), pair(figures.read, figures.written),
        .init(figures.tasks.map { "\($0)" } ?? "-"),
      ])
    }
    return table
  }

  /// The rows as JSON.
  ///
  /// - Parameters:
  ///   - rows: the rows.
  ///   - isOfServices: whether the rows are services of one pod, not pods.
  ///   - now: the current time, in seconds since 1970.
  /// - Returns: the document on one line.
  package static func document(_ rows: [StatsRow], isOfServices: Bool, now: Int64) -> String {
    var document = JSONObject()
    document.set("version", PodDocument.version)
    document.set("time", timeText(now))
    document.set(
      isOfServices ? "services" : "pods",
      rows.map { row in
        var object = JSONObject()
        object.set(isOfServices ? "service" : "task", row.name)
        object.set("cpu", row.processors)
        object.set("memory", row.figures.memory)
        object.set("memory_limit", row.figures.memoryLimit)
        object.set("network_received", row.network?.received)
        object.set("network_sent", row.network?.sent)
        object.set("block_read", row.figures.read)
        object.set("block_written", row.figures.written)
        object.set("tasks", row.figures.tasks)
        return object
      })
    return document.line
  }

  private static func share(_ used: Int64?, _ limit: Int64?) -> Double? {
    guard let used, let limit, limit > 0 else { return nil }
    return Double(used) / Double(limit)
  }

  private static func pair(_ one: Int64?, _ two: Int64?) -> TextTable.Cell {
    one == nil && two == nil
      ? "-" : .init("\(one.map(Amount.bytes) ?? "-")/\(two.map(Amount.bytes) ?? "-")")
  }
}
