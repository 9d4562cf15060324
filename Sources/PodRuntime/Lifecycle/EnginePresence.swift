/// Whether the engine responds, as far as the pod knows.
struct EnginePresence {
  /// The time since which it hasn't responded; nil while it responds.
  private(set) var awaySince: ContinuousClock.Instant?
  /// The number of outages so far, including the current one.
  private(set) var outages = 0
  /// Whether the event stream could not be reopened at once in the current or last outage.
  var wasUnreachable = false
  /// The time of its last return.
  private var cameBackAt: ContinuousClock.Instant?
  /// The number of the last outage in which the engine stopped the pod's containers.
  private(set) var lastTakedown = 0

  var isAway: Bool { awaySince != nil }

  /// Records that the engine doesn't respond.
  ///
  /// - Returns: false if this was known.
  mutating func leave(at moment: ContinuousClock.Instant) -> Bool {
    guard awaySince == nil else { return false }
    awaySince = moment
    outages += 1
    wasUnreachable = false
    return true
  }

  /// Records that the engine has stopped the containers in the current outage.
  mutating func recordTakedown() { lastTakedown = outages }

  /// Records that the engine responds again, after the pod has learned what happened during the
  /// outage.
  mutating func comeBack(at moment: ContinuousClock.Instant) {
    awaySince = nil
    cameBackAt = moment
  }

  /// Whether the engine may have caused an exit that is reported now. A restarting engine may
  /// already respond while it still stops containers that it found running. It doesn't stop
  /// containers that were started after its return.
  func mayHaveCaused(
    exitAt moment: ContinuousClock.Instant, ofStartAt start: ContinuousClock.Instant
  ) -> Bool {
    if isAway { return true }
    guard let cameBackAt, lastTakedown == outages, start < cameBackAt else { return false }
    return moment - cameBackAt < .seconds(10)
  }

  /// Whether the engine has stopped the containers in an outage after the given one.
  func hasTakenDown(since outage: Int) -> Bool { lastTakedown > outage }
}
