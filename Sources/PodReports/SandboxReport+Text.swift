import DockerEngine
import Linux

extension SandboxReport.Phase {
  /// The duration in seconds; nil if the phase wasn't completed.
  var seconds: Double? {
    guard let ended, let begin = RFC3339.secondsSince1970(started),
      let end = RFC3339.secondsSince1970(ended)
    else { return nil }
    return max(0, end - begin)
  }
}

extension SandboxReport {
  private static let width = 80

  /// The text of `pod-report.txt`: the most important facts, in lines of at most 80 characters.
  ///
  /// - Returns: at most 64 KiB.
  package func text() -> [UInt8] {
    var lines: [String] = []
    func add(_ label: String, _ text: String?) {
      guard let text, !text.isEmpty else { return }
      let head = label + String(repeating: " ", count: max(1, 11 - label.count))
      for (index, line) in ReportText.wrapped(text, width: Self.width - 11).enumerated() {
        lines.append((index == 0 ? head : String(repeating: " ", count: 11)) + line)
      }
    }
    add("task", task)
    add("ended", "\(outcome.state)\(outcome.exitCode.map { " with exit code \($0)" } ?? "")")
    add("because", outcome.message)
    add("decided by", outcome.decidedBy.map { "service '\($0)'" })
    for failure in outcome.optionalFailures.prefix(20) { add("optional", failure) }
    add("left", outcome.notRemoved.isEmpty ? nil : outcome.notRemoved.joined(separator: ", "))
    add("kept", keptUntil.map { "until \($0); `compose-executor rm \(task)` removes it now" })
    add("run", run)
    add("times", times)
    add("used", Self.used(peakMemory, cpuSeconds))
    if !containers.isEmpty {
      lines.append("")
      lines += table
    }
    for container in containers where container.kind == "service" {
      lines += details(of: container)
    }
    lines.append("")
    lines += ReportText.wrapped(
      "All of it is in pod-report.json. Written by \(writer.rawValue) \(program) at \(time).",
      width: Self.width)
    let text = lines.joined(separator: "\n") + "\n"
    return text.utf8.count <= 65_536
      ? Array(text.utf8) : Array(ReportText.cut(text, to: 16_000).utf8)
  }

  private var times: String {
    phases.compactMap { phase in
      phase.seconds.map { "\(phase.name) \(Self.seconds($0))" } ?? "\(phase.name) not over"
    }.joined(separator: ", ")
  }

  /// Such as `0.25 s`, `12.3 s`, `1234 s`.
  private static func seconds(_ value: Double) -> String {
    let hundredths = Int(min(value * 100, 1e12).rounded())
    if hundredths >= 10_000 { return "\(hundredths / 100) s" }
    if hundredths >= 1_000 { return "\(hundredths / 100).\(hundredths / 10 % 10) s" }
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s"
  }

  private static func memory(_ bytes: Int64?) -> String {
    guard let bytes else { return "-" }
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var (value, unit) = (Double(bytes), 0)
    while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
    let tenths = Int((value * 10).rounded())
    return unit == 0 || tenths >= 1000
      ? "\(tenths / 10) \(units[unit])" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }

  private static func used(_ peak: Int64?, _ cpu: Double?) -> String? {
    let parts = [
      peak.map { "at most \(memory($0)) of memory" },
      cpu.map { "\(seconds($0)) of processor time" },
    ].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private var table: [String] {
    var rows = [["CONTAINER", "ROLE", "STATE", "EXIT", "RESTARTS", "HEALTH", "MEMORY", "CPU"]]
    for container in containers.prefix(100) {
      rows.append([
        ReportText.cut(ReportText.plain(container.name), to: 22), container.role ?? container.kind,
        container.state, container.exitCode.map { "\($0)" } ?? "-",
        container.restarts.map { "\($0)" } ?? "-", container.health ?? "-",
        Self.memory(container.peakMemory), container.cpuSeconds.map(Self.seconds) ?? "-",
      ])
    }
    let widths = rows[0].indices.map { column in
      rows.map { $0[column].unicodeScalars.count }.max() ?? 0
    }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        line += cell
        if column < row.count - 1 {
          line += String(
            repeating: " ", count: widths[column] - cell.unicodeScalars.count + 1)
        }
      }
      return ReportText.cut(line, to: Self.width)
    }
  }

  private func details(of container: Container) -> [String] {
    var lines: [String] = []
    func add(_ title: String, _ texts: [String]) {
      guard !texts.isEmpty else { return }
      lines += [
        "", ReportText.cut("\(title) of \(ReportText.plain(container.name)):", to: Self.width),
      ]
      for text in texts {
        lines += ReportText.wrapped(text, width: Self.width - 2).map { "  \($0)" }
      }
    }
    if container.health == "unhealthy", let check = container.healthChecks.last {
      add(
        "last health check (exit \(check.exitCode))",
        [ReportText.cut(check.output, to: 400)])
    }
    if outcome.state != "finished" {
      add("last output", container.lastOutput.suffix(5).map { ReportText.cut($0, to: 240) })
    }
    return lines
  }
}
