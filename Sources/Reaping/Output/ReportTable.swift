import Program

/// Formats reports as text.
enum ReportTable {
  /// A pass or a status as a table, followed by the removals.
  ///
  /// - Parameters:
  ///   - report: the pass or status.
  ///   - terminal: the terminal that shows it; nil for plain text of any width.
  /// - Returns: the lines, without a newline at the end.
  static func text(_ report: PassReport, for terminal: Terminal? = nil) -> String {
    var table = TextTable([
      ("VERDICT", .left), ("TASK", .left), ("RUN", .left), ("AGE", .left), ("OBJECTS", .left),
      ("WHY", .left),
    ])
    for pod in report.pods.sorted(by: {
      ($0.verdict, $0.task, $0.run) < ($1.verdict, $1.task, $1.run)
    }) {
      table.add([
        TextTable.Cell(pod.verdict, color(of: pod.verdict)), TextTable.Cell(pod.task),
        TextTable.Cell(String(pod.run.prefix(13))),
        TextTable.Cell(Duration(reportedSeconds: pod.age).text),
        "\(pod.containers.count)c \(pod.networks.count)n \(pod.volumes.count)v",
        TextTable.Cell(pod.why),
      ])
    }
    // WHY is wrapped first, then TASK; neither is cut.
    let rows = table.isEmpty ? ["no pods"] : table.lines(for: terminal, wrapping: [5, 1])
    var lines: [String] = []
    for pod in report.pods {
      if report.dryRun {
        guard pod.verdict == Verdict.State.leaked.rawValue else { continue }
        let names = pod.containers + pod.networks + pod.volumes
        lines.append(
          "would remove of \(pod.task): \(names.joined(separator: " ")), cgroup \(pod.cgroup)")
        continue
      }
      for (kind, names) in pod.removed.sorted(by: { $0.key < $1.key }) where !names.isEmpty {
        lines.append("removed \(kind) of \(pod.task): \(names.joined(separator: " "))")
      }
      for failure in pod.failed {
        lines.append(
          "NOT removed: \(failure.kind) \(failure.name) of \(pod.task): \(failure.reason)")
      }
    }
    for name in report.inherited {
      lines.append("foreign: container \(name) inherited its labels from its image")
    }
    for name in report.unlabelled { lines.append("foreign: \(name) lacks some of a pod's labels") }
    for path in report.cgroupsRemoved { lines.append("removed cgroup \(path)") }
    for path in report.cgroupsPending {
      lines.append("pending: cgroup \(path): its agent removes it first")
    }
    for path in report.cgroupsFailed { lines.append("NOT removed: cgroup \(path)") }
    if report.service == nil, let images = report.images {
      lines += images.removed.map { "removed image \($0)" }
      lines += images.due.map { "would remove image \($0)" }
      lines += images.failed.map { "NOT removed: image \($0)" }
      lines += images.notes.map { "image care: \($0)" }
    }
    let problem = (report.service?.problem).map { "UNHEALTHY: \($0)" }
    func wrapped(_ line: String) -> [String] { LineWrap.lines(line, width: terminal?.columns) }
    let head = problem.map(wrapped)?.map { terminal?.colored($0, .red) ?? $0 } ?? []
    return (head + rows + lines.flatMap(wrapped)).joined(separator: "\n")
  }

  /// The color of a verdict.
  static func color(of verdict: String) -> Terminal.Color? {
    switch Verdict.State(rawValue: verdict) {
    case .alive: .green
    case .leaked: .red
    case .undecided, .kept: .yellow
    case .foreign: .gray
    case nil: nil
    }
  }
}
