import PodIdentity
import PodObjects
import Program
import TestSupport
import Testing

@testable import Reaping

/// The content of a scrape, parsed as Prometheus does it.
private struct Scrape {
  struct Family {
    var help = ""
    var kind = ""
    var samples: [(series: String, value: Double)] = []
  }
  /// The families by name.
  private(set) var families: [String: Family] = [:]
  /// Lines that repeat a family, belong to none, or have an invalid format.
  private(set) var strays: [String] = []

  init(_ text: String) {
    var current = ""
    for line in text.split(separator: "\n") {
      if let help = line.wholeMatch(of: /# HELP ([a-z0-9_]+) (.+)/) {
        current = String(help.1)
        if families[current] != nil { strays.append(String(line)) }
        families[current] = Family(help: String(help.2))
      } else if let type = line.wholeMatch(of: /# TYPE ([a-z0-9_]+) ([a-z]+)/), type.1 == current {
        families[current]?.kind = String(type.2)
      } else if let sample = line.wholeMatch(of: /(([a-z0-9_]+)(?:\{.*\})?) ([0-9.e+-]+)/),
        sample.2.hasPrefix(current), let value = Double(sample.3)
      {
        families[current]?.samples.append((String(sample.1), value))
      } else {
        strays.append(String(line))
      }
    }
  }

  /// The value of a sample, by its name without the prefix and with its labels.
  subscript(_ series: String) -> Double? {
    families.values.flatMap(\.samples).first { $0.series == "pod_reaper_" + series }?.value
  }
}

@Suite("Metrics")
struct MetricsTests {
  /// A scrape with a sample in every family, except those that need a cgroup.
  private static func full() -> Scrape {
    var counters = Counters()
    counters.images = ImageCareReport(recorded: 12, used: 3, diskPercent: 71)
    counters.launches.add(0.7)
    let pod = Sample.identity(pid: 7, start: 8)
    counters.pods = [PodFigures.Source(identity: pod)]
    var figures = LeaseFigures(task: pod.taskID)
    figures.launchSeconds = 0.7
    return Scrape(
      Metrics.text(
        counters,
        reports: [LeaseReport(holder: holder(of: pod, pid: 7), figures: [pod.taskID: figures])]))
  }

  private static func holder(of pod: PodIdentity, pid: Int32) -> LeaseHolder {
    LeaseHolder(run: pod.run, pid: pid, startTime: 8, cgroups: [])
  }

  @Test("have HELP, TYPE and names that follow Prometheus' conventions")
  func conventions() {
    let scrape = Self.full()
    #expect(scrape.strays == [])
    #expect(scrape.families.count > 20)
    for (name, family) in scrape.families {
      #expect(name.wholeMatch(of: /pod_reaper_[a-z]+(_[a-z]+)*/) != nil, "\(name)")
      #expect(family.help.hasSuffix(".") && family.help.count > 10, "\(name): \(family.help)")
      #expect(["counter", "gauge", "histogram", "summary"].contains(family.kind), "\(name)")
      // The suffix is the base unit, and the last suffix of a counter is `_total`.
      #expect(name.hasSuffix("_total") == (family.kind == "counter"), "\(name)")
      for part in name.split(separator: "_") {
        let other = ["percent", "milliseconds", "ms", "minutes", "hours", "kb", "mb", "megabytes"]
        #expect(!other.contains(String(part)), "\(name)")
      }
      for part in ["sum", "count", "bucket"] { #expect(!name.hasSuffix("_\(part)"), "\(name)") }
      if ["histogram", "summary"].contains(family.kind) {
        #expect(name.hasSuffix("_seconds"), "\(name)")
      }
      for sample in family.samples {
        let rest = sample.series.dropFirst(name.count).prefix { $0 != "{" }
        let isCompound = ["_sum", "_count", "_bucket"].contains(rest)
        #expect(isCompound == ["histogram", "summary"].contains(family.kind), "\(sample)")
        for label in sample.series.matches(of: /[{,]([a-z]+)="/) {
          #expect(!name.contains("_\(label.1)_"), "\(sample): the name repeats the label")
        }
      }
    }
    // Those of the cgroup need one.
    let empty = scrape.families.filter(\.value.samples.isEmpty).keys.sorted()
    #expect(empty == ["pod_reaper_pod_cpu_seconds_total", "pod_reaper_pod_memory_bytes"])
  }

  @Test("have a sample for every label value from the start, and none for unknown values")
  func fromTheBeginning() {
    let scrape = Scrape(Metrics.text(Counters()))
    for verdict in Verdict.State.allCases {
      #expect(scrape["pods{verdict=\"\(verdict.rawValue)\"}"] == 0)
    }
    for reason in Remedy.allCases {
      #expect(scrape["undecided_pods{reason=\"\(reason.rawValue)\"}"] == 0)
    }
    for kind in ["containers", "processes"] {
      #expect(scrape["removed_total{kind=\"\(kind)\"}"] == 0)
      #expect(scrape["failed_total{kind=\"\(kind)\"}"] == 0)
    }
    for outcome in LeaseFigures.Outcome.allCases {
      #expect(scrape["pod_outcomes_total{outcome=\"\(outcome.rawValue)\"}"] == 0)
    }
    #expect(scrape["launch_seconds_count"] == 0)
    #expect(scrape["build_info{version=\"\(Version.text)\"}"] == 1)
    #expect(scrape["data_root_used_ratio"] == nil && scrape["images"] == nil)
    #expect(Self.full()["data_root_used_ratio"] == 0.71)
  }

  @Test("count undecided pods by reason")
  func undecided() {
    var counters = Counters()
    counters.undecided = [.noAgent: 2, .wait: 1]
    let scrape = Scrape(Metrics.text(counters))
    #expect(scrape["undecided_pods{reason=\"no-agent\"}"] == 2)
    #expect(scrape["undecided_pods{reason=\"waiting\"}"] == 1)
    #expect(scrape["undecided_pods{reason=\"agent-silent\"}"] == 0)
  }

  @Test("have a histogram of launches, and count the outcomes of pods")
  func launches() {
    var counters = Counters()
    let holder = Self.holder(of: Sample.identity(), pid: 7)
    for seconds in [0.3, 0.5, 0.7, 1000] { counters.record(.podLaunched(holder, seconds: seconds)) }
    for outcome in [LeaseFigures.Outcome.failed, .failed, .finished] {
      counters.record(.podEnded(holder, outcome))
    }
    counters.record(.held(holder))
    let scrape = Scrape(Metrics.text(counters))
    #expect(scrape["launch_seconds_bucket{le=\"0.5\"}"] == 2)
    #expect(scrape["launch_seconds_bucket{le=\"1\"}"] == 3)
    #expect(scrape["launch_seconds_bucket{le=\"600\"}"] == 3)
    #expect(scrape["launch_seconds_bucket{le=\"+Inf\"}"] == 4)
    #expect(scrape["launch_seconds_count"] == 4)
    #expect(scrape["launch_seconds_sum"] == 1001.5)
    #expect(scrape["pod_outcomes_total{outcome=\"failed\"}"] == 2)
    #expect(scrape["pod_outcomes_total{outcome=\"finished\"}"] == 1)
    #expect(scrape["pod_outcomes_total{outcome=\"killed\"}"] == 0)
  }

  @Test("use figures from the pod's executor, not from another lease on the same run")
  func ownExecutor() {
    let own = Sample.identity(pid: 7, start: 8)
    var counters = Counters()
    counters.pods = [PodFigures.Source(identity: own)]
    func report(_ pid: Int32, _ change: (inout LeaseFigures) -> Void) -> LeaseReport {
      var figures = LeaseFigures(task: own.taskID)
      change(&figures)
      return LeaseReport(holder: Self.holder(of: own, pid: pid), figures: [own.taskID: figures])
    }
    let labels = "task=\"\(own.taskID)\",run=\"\(own.run)\""
    let scrape = Scrape(
      Metrics.text(
        counters,
        reports: [
          report(9) { $0.restarts = 99 },
          report(7) {
            $0.services = [.running: 2, .unhealthy: 1]
            ($0.restarts, $0.successes, $0.failures, $0.launchSeconds) = (4, 1, 3, 2.5)
          },
          LeaseReport(holder: Self.holder(of: own, pid: 9), restarts: 98),
        ]))
    #expect(scrape["pod_restarts_total{\(labels)}"] == 4)
    #expect(scrape["pod_exits_total{\(labels),result=\"success\"}"] == 1)
    #expect(scrape["pod_exits_total{\(labels),result=\"failure\"}"] == 3)
    #expect(scrape["pod_services{\(labels),state=\"running\"}"] == 2)
    #expect(scrape["pod_services{\(labels),state=\"unhealthy\"}"] == 1)
    #expect(scrape["pod_services{\(labels),state=\"exited\"}"] == 0)
    #expect(scrape["pod_launch_seconds{\(labels)}"] == 2.5)
  }

  @Test("use the restarts from an executor of an earlier version, and have each series once")
  func earlierExecutor() {
    let own = Sample.identity(pid: 7, start: 8)
    var counters = Counters()
    counters.pods = [PodFigures.Source(identity: own)]
    let earlier = LeaseReport(holder: Self.holder(of: own, pid: 7), restarts: 5)
    let stranger = LeaseReport(holder: Self.holder(of: own, pid: 9), restarts: 6)
    let scrape = Scrape(Metrics.text(counters, reports: [stranger, earlier, earlier]))
    let samples = scrape.families["pod_reaper_pod_restarts_total"]?.samples ?? []
    #expect(samples.map(\.value) == [5])
    #expect(scrape.families["pod_reaper_pod_services"]?.samples.isEmpty == true)
  }

  @Test("escape label values")
  func escapes() {
    let family = MetricFamily(
      name: "x", kind: .gauge, help: "X.",
      samples: [.init(labels: [("task", "a\"b\\c\nd")], value: 1)])
    #expect(family.lines.last == #"pod_reaper_x{task="a\"b\\c\#u{fffd}d"} 1"#)
  }

  @Test("pass promtool's check of names and format", .enabled(if: Promtool.exists))
  func promtool() async throws {
    var counters = Counters()
    counters.images = ImageCareReport(recorded: 12, used: 3, diskPercent: 71)
    let text = Metrics.text(counters)
    try await withTemporaryDirectory { directory in
      let file = try directory.write("metrics.txt", text)
      let result = try await Command(
        "/bin/sh", ["-c", "exec promtool check metrics <\"$0\"", file]
      ).run()
      #expect(result.status.isSuccess && result.stderr.isEmpty, "\(result)")
    }
  }
}
