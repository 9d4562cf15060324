import PodIdentity

/// The values behind the metrics.
struct Counters: Sendable, Equatable {
  var passes = 0
  var passSeconds = 0.0
  var verdicts: [Verdict.State: Int] = [:]
  /// The undecided pods, by what can be done about them.
  var undecided: [Remedy: Int] = [:]
  var leaks = 0
  var removed: [String: Int] = [:]
  var failed: [String: Int] = [:]
  var engineErrors = 0
  var agentErrors = 0
  var hookEvents = 0
  /// The images as of the last full pass; nil if image care is off.
  var images: ImageCareReport?
  /// The pods that are alive.
  var pods: [PodFigures.Source] = []
  /// The removals, and the sum of the times from the detection of a death to the end of its
  /// removal.
  var goneCount = 0
  var goneSeconds = 0.0
  /// Launches and terminal states that executors report.
  var launches = Histogram(bounds: [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600])
  var outcomes: [LeaseFigures.Outcome: Int] = [:]

  /// Counts a full pass.
  mutating func record(_ assessment: Assessment, since began: ContinuousClock.Instant) {
    passes += 1
    passSeconds = (ContinuousClock.now - began).inSeconds
    verdicts = Dictionary(grouping: assessment.verdicts.values, by: \.state).mapValues(\.count)
    undecided = assessment.verdicts.values.filter { $0.state == .undecided }.compactMap(\.remedy)
      .reduce(into: [:]) { $0[$1, default: 0] += 1 }
    pods = assessment.pods.keys.filter { assessment.verdicts[$0]?.state == .alive }
      .map { PodFigures.Source(identity: $0) }
      .sorted { ($0.task, $0.run) < ($1.task, $1.run) }
  }

  mutating func record(secondsToGone seconds: Double) {
    goneCount += 1
    goneSeconds += seconds
  }

  /// Counts what an executor reports of a pod.
  mutating func record(_ event: LeaseEvent) {
    switch event {
    case .podLaunched(_, let seconds): launches.add(seconds)
    case .podEnded(_, let outcome): outcomes[outcome, default: 0] += 1
    case .held, .dropped, .ended, .released: break
    }
  }
}

/// Counts values by size, as a histogram of Prometheus.
struct Histogram: Sendable, Equatable {
  /// The upper bounds of the buckets, ascending.
  let bounds: [Double]
  /// The number of values by bucket; the last one has those beyond all bounds.
  private(set) var counts: [Int]
  private(set) var sum = 0.0

  init(bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  /// Counts a value.
  mutating func add(_ value: Double) {
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
    sum += value
  }
}
