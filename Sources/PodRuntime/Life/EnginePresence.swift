/// Whether the engine responds, as far as the pod knows.
struct EnginePresence {
  /// Since when it hasn't responded; nil while it does.
  private(set) var awaySince: ContinuousClock.Instant?
  /// How often it has been away.
  private(set) var outages = 0
  /// The event stream could not be opened again at once in the present, or last, outage.
  var wasUnreachable = false
  /// When it last came back.
  private var cameBackAt: ContinuousClock.Instant?
  /// The last outage in which the engine took the pod's containers down with it.
  private(set) var lastTakedown = 0

  var isAway: Bool { awaySince != nil }

  /// Records that the engine doesn't respond.
  ///
  /// - Returns: false if that was known.
  mutating func leave(at moment: ContinuousClock.Instant) -> Bool {
    guard awaySince == nil else { return false }
    awaySince = moment
    outages += 1
    wasUnreachable = false
    return true
  }

  /// Records that the engine has taken the containers down in the present outage.
  mutating func recordTakedown() { lastTakedown = outages }

  /// Records that the engine responds again, and that the pod knows what happened meanwhile.
  mutating func comeBack(at moment: ContinuousClock.Instant) {
    awaySince = nil
    cameBackAt = moment
  }

  /// Whether an exit that is reported now may be the engine's doing: one that restarts still ends what it found
  /// running when it responds already. What was started after its return is not concerned.
  func mayHaveCaused(
    exitAt moment: ContinuousClock.Instant, ofStartAt start: ContinuousClock.Instant
  ) -> Bool {
    if isAway { return true }
    guard let cameBackAt, lastTakedown == outages, start < cameBackAt else { return false }
    return moment - cameBackAt < .seconds(10)
  }

  /// Whether the engine has taken the containers down in an outage after the given one.
  func hasTakenDown(since outage: Int) -> Bool { lastTakedown > outage }
}
