import Program

/// The text of `explain`: what will happen and why, the facts, the evidence, and what would change
/// the verdict.
enum Explanation {
  /// - Parameters:
  ///   - pod: the reaper's report about the pod.
  ///   - terminal: the terminal that shows it; nil for plain text of any width.
  /// - Returns: the lines, without a newline at the end.
  static func text(_ pod: PodReport, for terminal: Terminal? = nil) -> String {
    let state = Verdict.State(rawValue: pod.verdict)
    let color = ReportTable.color(of: pod.verdict)
    var lines = wrapped(sentence(pod, state), terminal).map { terminal?.colored($0, color) ?? $0 }
    lines.append("")
    for (name, text) in facts(pod) { lines += StatusText.labeled(name, text, for: terminal) }
    lines.append("")
    var table = TextTable([
      ("WHEN", .left), ("SOURCE", .left), ("FINDING", .left), ("MEANS", .left),
    ])
    for item in pod.evidence {
      table.add([
        "\(Duration(reportedSeconds: item.age).text) ago", TextTable.Cell(item.source),
        TextTable.Cell(item.words), TextTable.Cell(item.means ?? ""),
      ])
    }
    lines += table.isEmpty ? ["no evidence"] : table.lines(for: terminal, wrapping: [2])
    lines.append("")
    lines += wrapped(change(pod, state), terminal)
    return lines.joined(separator: "\n")
  }

  private static func wrapped(_ text: String, _ terminal: Terminal?) -> [String] {
    LineWrap.lines(Printable.line(text), width: terminal?.columns)
  }

  /// What will happen, and why.
  private static func sentence(_ pod: PodReport, _ state: Verdict.State?) -> String {
    switch state {
    case .alive:
      let why =
        pod.why == Verdict.livingProcess
        ? "its executor\(pod.pid.map { ", process \($0)," } ?? "") is running" : pod.why
      return "This pod is alive: \(why); nothing is removed."
    case .leaked:
      return
        "This pod is leaked: its executor\(pod.pid.map { ", process \($0)," } ?? "") is dead, since "
        + "\(pod.why); the next pass removes \(objects(pod))."
    case .kept: return "This pod is kept: \(pod.why); `compose-executor rm` removes it now."
    case .undecided:
      let remedy = StatusText.remedy(of: pod).map { "; to resolve: \($0)" } ?? ""
      return "This pod is undecided: nothing is removed, because \(pod.why)\(remedy)."
    case .foreign: return "This pod is foreign: \(pod.why); pod-reaper leaves it alone."
    case nil: return "This pod is \(pod.verdict): \(pod.why)."
    }
  }

  private static func objects(_ pod: PodReport) -> String {
    let counts = [
      (pod.containers.count, "container"), (pod.networks.count, "network"),
      (pod.volumes.count, "volume"),
    ].filter { $0.0 > 0 }
    return counts.isEmpty
      ? "the remaining objects" : counts.map { PassSummary.count($0, $1) }.joined(separator: ", ")
  }

  private static func facts(_ pod: PodReport) -> [(String, String)] {
    var facts = [
      ("pod", "task \(pod.task), run \(pod.run)"),
      (
        "executor",
        pod.executor + (pod.pid.map { ", pid \($0)" } ?? ", pid not known")
          + (pod.framework.isEmpty ? "" : ", framework \(pod.framework)")
          + (pod.agent.isEmpty ? "" : ", agent \(pod.agent)")
      ),
      ("age", Duration(reportedSeconds: pod.age).text),
      ("cgroup", pod.cgroup),
    ]
    if let sandbox = pod.sandbox { facts.append(("sandbox", sandbox)) }
    facts.append(("objects", (pod.containers + pod.networks + pod.volumes).joined(separator: " ")))
    facts.append(("verdict", "\(pod.verdict): \(pod.why)"))
    if let seconds = pod.deadFor {
      facts.append(("dead for", Duration(reportedSeconds: seconds).text))
    }
    return facts
  }

  /// The proof that would change the verdict.
  private static func change(_ pod: PodReport, _ state: Verdict.State?) -> String {
    let death =
      pod.pid == nil
      ? "two passes, a grace period apart, find only its containers' processes in its cgroup, and its agent doesn't list the run or "
        + "the run is over according to the agent's checkpoint"
      : "the process table has had no such process for the grace (at once if its exit was observed, its lease was "
        + "dropped, or the agent reported that it removed the executor)"
    switch state {
    case .alive: return "It would be leaked once \(death)."
    case .kept:
      return
        "It is removed when its time is over, or earlier for newer failed pods or if the engine's disk is too full."
    case .leaked:
      let life =
        pod.pid == nil
        ? "a process in its cgroup, a held lease, or the agent listing the run"
        : "the executor's process in the process table, or a held lease"
      return "A sign of life would keep it: \(life)."
    case .undecided:
      if let due = pod.due {
        return
          "It is leaked in \(Duration(reportedSeconds: due).text) unless there is a sign of life."
      }
      return "It would be leaked once \(death)."
    case .foreign, nil:
      return
        "No observation on this host changes that: remove it by hand if no host needs it."
    }
  }
}
