import PodIdentity

/// The values behind the metrics.
struct Counters: Sendable, Equatable {
  var passes = 0
  var passSeconds = 0.0
  var verdicts: [Verdict.State: Int] = [:]
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

  /// Counts a full pass.
  mutating func note(_ assessment: Assessment, since began: ContinuousClock.Instant) {
    passes += 1
    passSeconds = (ContinuousClock.now - began).inSeconds
    verdicts = Dictionary(grouping: assessment.verdicts.values, by: \.state).mapValues(\.count)
    pods = assessment.pods.keys.filter { assessment.verdicts[$0]?.state == .alive }
      .map { PodFigures.Source(identity: $0) }
      .sorted { ($0.task, $0.run) < ($1.task, $1.run) }
  }

  mutating func note(secondsToGone seconds: Double) {
    goneCount += 1
    goneSeconds += seconds
  }
}
