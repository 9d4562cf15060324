import Cgroups
import Program

/// The metrics in Prometheus' text format (exposition format 0.0.4).
enum Metrics {
  /// The text of one scrape.
  ///
  /// - Parameters:
  ///   - counters: what was counted.
  ///   - isHealthy: whether the service does its work.
  ///   - mounts: the hierarchies of the last pass; nil where there was none.
  ///   - restarts: what executors say of their pods.
  /// - Returns: the text.
  static func text(
    _ counters: Counters, isHealthy: Bool = true, mounts: CgroupMounts? = nil,
    restarts: [(holder: LeaseHolder, count: Int)] = []
  ) -> String {
    var lines: [String] = []
    func family(
      _ name: String, _ kind: String, _ help: String, _ samples: [(labels: String, value: Double)]
    ) {
      lines.append("# HELP pod_reaper_\(name) \(help)")
      lines.append("# TYPE pod_reaper_\(name) \(kind)")
      for sample in samples {
        lines.append("pod_reaper_\(name)\(sample.labels) \(number(sample.value))")
      }
    }
    family(
      "healthy", "gauge", "1 where passes are completed and all sockets are there, else 0.",
      [("", isHealthy ? 1 : 0)])
    family(
      "pods", "gauge", "Pods by verdict in the last full pass.",
      Verdict.State.allCases.map {
        ("{verdict=\"\($0.rawValue)\"}", Double(counters.verdicts[$0] ?? 0))
      })
    family("leaks_total", "counter", "Leaked pods that were found.", [("", Double(counters.leaks))])
    let kinds = ["cgroups", "containers", "endpoints", "images", "networks", "volumes"]
    family(
      "removed_total", "counter", "Objects removed, by kind.",
      kinds.map { ("{kind=\"\($0)\"}", Double(counters.removed[$0] ?? 0)) })
    family(
      "failed_total", "counter", "Objects that could not be removed, by kind.",
      kinds.map { ("{kind=\"\($0)\"}", Double(counters.failed[$0] ?? 0)) })
    family("passes_total", "counter", "Full passes.", [("", Double(counters.passes))])
    family(
      "pass_seconds", "gauge", "How long the last full pass took.", [("", counters.passSeconds)])
    lines.append(
      "# HELP pod_reaper_gone_seconds From an executor's noticed death to the end of its pod's removal."
    )
    lines.append("# TYPE pod_reaper_gone_seconds summary")
    lines.append("pod_reaper_gone_seconds_sum \(number(counters.goneSeconds))")
    lines.append("pod_reaper_gone_seconds_count \(counters.goneCount)")
    family(
      "engine_errors_total", "counter", "Times the engine could not be asked.",
      [("", Double(counters.engineErrors))])
    family(
      "agent_errors_total", "counter", "Times the agent could not be asked.",
      [("", Double(counters.agentErrors))])
    family(
      "hook_events_total", "counter", "Events of the agent's hook.",
      [("", Double(counters.hookEvents))])
    let images = counters.images
    family(
      "images", "gauge", "Images that pods have pulled, as recorded.",
      images.map { [("", Double($0.recorded))] } ?? [])
    family(
      "images_used", "gauge", "Recorded images that a container uses.",
      images.map { [("", Double($0.used))] } ?? [])
    family(
      "data_root_used_percent", "gauge", "Percent of the disk of the engine's data in use.",
      images?.diskPercent.map { [("", Double($0))] } ?? [])
    let figures = mounts.map { mounts in
      counters.pods.map { (pod: $0, figures: PodFigures($0.path, mounts: mounts)) }
    }
    func samples(_ value: (PodFigures) -> Double?) -> [(labels: String, value: Double)] {
      (figures ?? []).compactMap { pod, figures in
        value(figures).map { (labels(of: pod), $0) }
      }
    }
    family(
      "pod_memory_bytes", "gauge", "Memory in the cgroup of a living pod.",
      samples { $0.memory.map { Double($0) } })
    family(
      "pod_cpu_seconds_total", "counter", "Processor time used in the cgroup of a living pod.",
      samples(\.seconds))
    let podsOfRun = Dictionary(grouping: counters.pods, by: \.run)
    family(
      "pod_restarts_total", "counter", "Restarts of services, by the executor of a living pod.",
      restarts.compactMap { holder, count in
        // Of the run whose executor says it: others may claim what they like.
        guard let pod = podsOfRun[holder.run]?.first(where: { holder.keeps($0.identity) }) else {
          return nil
        }
        return (labels(of: pod), Double(count))
      }.sorted { $0.0 < $1.0 })
    return lines.joined(separator: "\n") + "\n"
  }

  private static func labels(of pod: PodFigures.Source) -> String {
    "{task=\"\(label(pod.task))\",run=\"\(label(pod.run))\"}"
  }

  /// A label's value, on one line (exposition format: backslash, quotation mark and newline are
  /// escaped).
  private static func label(_ text: String) -> String {
    Printable.text(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
  }
}
