import Cgroups
import PodIdentity
import Program

/// The metrics that `pod-reaper` serves. Each one needs a row in a table of metrics in `docs`.
enum Metrics {
  /// The response to one scrape, in Prometheus' text format.
  ///
  /// - Parameters:
  ///   - counters: the values of the service.
  ///   - isHealthy: whether the service is healthy.
  ///   - mounts: the cgroup hierarchies of the last pass; nil if there was none.
  ///   - reports: the executors' reports about their pods.
  /// - Returns: the text.
  static func text(
    _ counters: Counters, isHealthy: Bool = true, mounts: CgroupMounts? = nil,
    reports: [LeaseReport] = []
  ) -> String {
    let families =
      service(counters, isHealthy: isHealthy) + removal(counters) + images(counters.images)
      + outcomes(counters) + usage(of: counters.pods, mounts)
      + figures(of: counters.pods, reports)
    return families.flatMap(\.lines).joined(separator: "\n") + "\n"
  }

  // MARK: The host

  private static func service(_ counters: Counters, isHealthy: Bool) -> [MetricFamily] {
    [
      .byLabel(
        "build_info", .gauge, "Always 1; the label has the version of pod-reaper.", "version",
        [(Version.text, 1)]),
      .value(
        "healthy", .gauge, "1 if passes are completed and all sockets exist, else 0.",
        isHealthy ? 1 : 0),
      .value(
        "passes_total", .counter, "Completed full passes over all pods.", Double(counters.passes)),
      .value("pass_seconds", .gauge, "Duration of the last full pass.", counters.passSeconds),
      .value(
        "engine_errors_total", .counter, "Times the Docker Engine could not be reached.",
        Double(counters.engineErrors)),
      .value(
        "agent_errors_total", .counter, "Times the Mesos agent could not be reached.",
        Double(counters.agentErrors)),
      .value(
        "hook_events_total", .counter, "Events received from the agent's hook module.",
        Double(counters.hookEvents)),
    ]
  }

  private static func removal(_ counters: Counters) -> [MetricFamily] {
    let kinds = [
      "cgroups", "containers", "endpoints", "images", "networks", "processes", "volumes",
    ]
    return [
      .byLabel(
        "pods", .gauge, "Pods by verdict in the last full pass.", "verdict",
        Verdict.State.allCases.map { ($0.rawValue, counters.verdicts[$0] ?? 0) }),
      .byLabel(
        "undecided_pods", .gauge, "Undecided pods of the last full pass, by reason.", "reason",
        Remedy.allCases.map { ($0.rawValue, counters.undecided[$0] ?? 0) }),
      .value("leaks_total", .counter, "Leaked pods found.", Double(counters.leaks)),
      .byLabel(
        "removed_total", .counter, "Objects removed, by kind.", "kind",
        kinds.map { ($0, counters.removed[$0] ?? 0) }),
      .byLabel(
        "failed_total", .counter, "Objects that could not be removed, by kind.", "kind",
        kinds.map { ($0, counters.failed[$0] ?? 0) }),
      MetricFamily(
        name: "gone_seconds", kind: .summary,
        help: "Time from the proof of an executor's death until its pod was removed.",
        samples: [
          .init(suffix: "_sum", value: counters.goneSeconds),
          .init(suffix: "_count", value: Double(counters.goneCount)),
        ]),
    ]
  }

  private static func images(_ images: ImageCareReport?) -> [MetricFamily] {
    [
      .value(
        "images", .gauge, "Recorded images that pods have pulled.",
        images.map { Double($0.recorded) }),
      .value(
        "images_used", .gauge, "Recorded images that a container uses.",
        images.map { Double($0.used) }),
      .value(
        "data_root_used_ratio", .gauge,
        "Used part of the file system with the Docker Engine's data, from 0 to 1.",
        images?.diskPercent.map { Double($0) / 100 }),
    ]
  }

  private static func outcomes(_ counters: Counters) -> [MetricFamily] {
    [
      .histogram(
        "launch_seconds", "Time from the start of a pod's launch until every service was up.",
        counters.launches),
      .byLabel(
        "pod_outcomes_total", .counter,
        "Pods that reached a terminal state, as their executors report.", "outcome",
        LeaseFigures.Outcome.allCases.map { ($0.rawValue, counters.outcomes[$0] ?? 0) }),
    ]
  }

  // MARK: Each living pod

  private typealias Labels = [(name: String, value: String)]

  private static func labels(of pod: PodFigures.Source) -> Labels {
    [("task", pod.task), ("run", pod.run)]
  }

  private static func usage(
    of pods: [PodFigures.Source], _ mounts: CgroupMounts?
  ) -> [MetricFamily] {
    let figures = mounts.map { mounts in
      pods.map { (labels(of: $0), PodFigures($0.path, mounts: mounts)) }
    }
    func samples(_ value: (PodFigures) -> Double?) -> [MetricFamily.Sample] {
      (figures ?? []).compactMap { labels, figures in
        value(figures).map { .init(labels: labels, value: $0) }
      }
    }
    return [
      MetricFamily(
        name: "pod_memory_bytes", kind: .gauge, help: "Memory in the cgroup of a living pod.",
        samples: samples { $0.memory.map { Double($0) } }),
      MetricFamily(
        name: "pod_cpu_seconds_total", kind: .counter,
        help: "Processor time used in the cgroup of a living pod.", samples: samples(\.seconds)),
    ]
  }

  private static func figures(
    of pods: [PodFigures.Source], _ reports: [LeaseReport]
  ) -> [MetricFamily] {
    let reported = reported(of: pods, reports)
    func samples(
      _ values: (LeaseFigures) -> [(labels: Labels, value: Double)]
    ) -> [MetricFamily.Sample] {
      reported.flatMap { pod, figures in
        values(figures).map { .init(labels: labels(of: pod) + $0.labels, value: $0.value) }
      }
    }
    let restarts = reported.map { pod, figures in
      MetricFamily.Sample(labels: labels(of: pod), value: Double(figures.restarts))
    }
    return [
      MetricFamily(
        name: "pod_restarts_total", kind: .counter,
        help: "Restarts of services, as the executor of a living pod reports.",
        samples: restarts + restartsAlone(of: pods, reports)),
      MetricFamily(
        name: "pod_exits_total", kind: .counter,
        help:
          "Exits of containers while their pod ran, by result, as the executor of a living pod reports.",
        samples: samples {
          [
            ([("result", "success")], Double($0.successes)),
            ([("result", "failure")], Double($0.failures)),
          ]
        }),
      MetricFamily(
        name: "pod_services", kind: .gauge,
        help: "Service containers by state, as the executor of a living pod reports.",
        samples: samples { figures in
          LeaseFigures.ServiceState.allCases.map {
            ([("state", $0.rawValue)], Double(figures.services[$0] ?? 0))
          }
        }),
      MetricFamily(
        name: "pod_launch_seconds", kind: .gauge,
        help:
          "Time from the start of the launch until every service was up, as the executor of a living pod reports.",
        samples: samples { figures in figures.launchSeconds.map { [([], $0)] } ?? [] }),
    ]
  }

  /// The figures of pods, each from the executor that the pod's labels identify. Another process
  /// can claim the run, but not the process ID.
  private static func reported(
    of pods: [PodFigures.Source], _ reports: [LeaseReport]
  ) -> [(PodFigures.Source, LeaseFigures)] {
    let byRun = Dictionary(grouping: reports.filter { !$0.figures.isEmpty }, by: \.holder.run)
    return pods.compactMap { pod in
      byRun[pod.run]?.lazy.filter { $0.holder.keeps(pod.identity) }
        .compactMap { $0.figures[pod.task] }.first.map { (pod, $0) }
    }
  }

  /// The restarts from executors of earlier versions. These report one sum for all their pods. It
  /// gets the labels of the first pod.
  private static func restartsAlone(
    of pods: [PodFigures.Source], _ reports: [LeaseReport]
  ) -> [MetricFamily.Sample] {
    let podsOfRun = Dictionary(grouping: pods, by: \.run)
    return reports.compactMap { report -> (task: String, sample: MetricFamily.Sample)? in
      guard let count = report.restarts,
        let pod = podsOfRun[report.holder.run]?.first(where: { report.holder.keeps($0.identity) })
      else { return nil }
      return (pod.task, .init(labels: labels(of: pod), value: Double(count)))
    }.sorted { $0.task < $1.task }.map(\.sample)
  }
}
