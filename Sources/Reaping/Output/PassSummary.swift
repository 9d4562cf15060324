/// Summarizes passes in one line.
enum PassSummary {
  /// - Parameters:
  ///   - reports: the reports of one pass over all pods, or of passes over some runs.
  ///   - pending: the requests that the passes were for.
  /// - Returns: text such as `2 pods (1 alive, 1 leaked), removed 4 objects`.
  static func text(_ reports: [PassReport], _ pending: PassRequests.Pending) -> String {
    let pods = reports.flatMap(\.pods)
    let counts = Verdict.State.allCases.compactMap { state in
      let count = pods.count { $0.verdict == state.rawValue }
      return count == 0 ? nil : "\(count) \(state.rawValue)"
    }
    let scope = pending.everything ? "" : " of \(count(pending.runs.count, "run"))"
    var text = count(pods.count, "pod") + scope
    if !counts.isEmpty { text += " (\(counts.joined(separator: ", ")))" }
    let removed =
      pods.reduce(0) { $0 + $1.removed.values.reduce(0) { $0 + $1.count } }
      + reports.reduce(0) { $0 + $1.cgroupsRemoved.count + ($1.images?.removed.count ?? 0) }
    let failed =
      pods.reduce(0) { $0 + $1.failed.count }
      + reports.reduce(0) { $0 + $1.cgroupsFailed.count + ($1.images?.failed.count ?? 0) }
    text += removed == 0 ? ", nothing removed" : ", removed \(count(removed, "object"))"
    return failed == 0 ? text : text + ", \(failed) NOT removed"
  }

  /// Text such as `1 pod` or `2 pods`.
  static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }
}
