/// Reports for people.
enum ReportTable {
  /// A pass or a status as a table, with what was done below it.
  static func text(_ report: PassReport) -> String {
    var rows = [["VERDICT", "TASK", "RUN", "AGE", "OBJECTS", "WHY"]]
    for pod in report.pods.sorted(by: {
      ($0.verdict, $0.task, $0.run) < ($1.verdict, $1.task, $1.run)
    }) {
      rows.append([
        pod.verdict, pod.task, String(pod.run.prefix(13)), Duration(saidSeconds: pod.age).words,
        "\(pod.containers.count)c \(pod.networks.count)n \(pod.volumes.count)v", pod.why,
      ])
    }
    var lines = rows.count > 1 ? columns(rows) : ["no pods"]
    if let problem = report.service?.problem { lines.insert("UNHEALTHY: \(problem)", at: 0) }
    for pod in report.pods where pod.verdict == Verdict.State.leaked.rawValue {
      if report.dryRun {
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
    for name in report.unlabelled { lines.append("foreign: \(name) lacks labels of the set") }
    for path in report.cgroupsRemoved { lines.append("removed cgroup \(path)") }
    for path in report.cgroupsPending {
      lines.append("pending: cgroup \(path), which its agent removes first")
    }
    for path in report.cgroupsFailed { lines.append("NOT removed: cgroup \(path)") }
    return lines.joined(separator: "\n")
  }

  /// The evidence and verdict for one pod, in words.
  static func explanation(_ pod: PodReport) -> String {
    var lines = [
      "pod       task \(pod.task), run \(pod.run)",
      "executor  \(pod.executor)" + (pod.pid.map { ", pid \($0)" } ?? ", pid not known")
        + (pod.framework.isEmpty ? "" : ", framework \(pod.framework)")
        + (pod.agent.isEmpty ? "" : ", agent \(pod.agent)"),
      "cgroup    \(pod.cgroup)",
      "objects   " + (pod.containers + pod.networks + pod.volumes).joined(separator: " "),
      "verdict   \(pod.verdict): \(pod.why)", "evidence",
    ]
    if let sandbox = pod.sandbox { lines.insert("sandbox   \(sandbox)", at: 3) }
    for item in pod.evidence {
      lines.append("  \(Duration(saidSeconds: item.age).words) ago, \(item.source): \(item.words)")
    }
    if pod.evidence.isEmpty { lines.append("  none") }
    if let seconds = pod.deadFor {
      lines.append("dead for  \(Duration(saidSeconds: seconds).words)")
    }
    return lines.joined(separator: "\n")
  }

  private static func columns(_ rows: [[String]]) -> [String] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      row.indices.map { column in
        column == row.count - 1
          ? row[column]
          : row[column] + String(repeating: " ", count: widths[column] - row[column].count)
      }.joined(separator: "  ")
    }
  }
}
