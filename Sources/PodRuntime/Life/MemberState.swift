/// The state of a container of a pod, and what may follow (docs/design.md, "Container states").
enum MemberState: Hashable, Sendable {
  /// Not created as yet.
  case planned
  /// Created, not started.
  case created
  /// Asked to start; its end may come before the answer does.
  case starting(hasEnded: Bool)
  /// Started.
  case running
  /// An end was reported, and is looked into; further reports may come meanwhile.
  case exiting(again: Bool)
  /// To be stopped, and to be started again with the group that it lives in. It runs until its process is gone.
  case stopping(Stop)
  /// Exited, and about to be started again.
  case restarting
  /// Exited for good.
  case ended(exitCode: Int)

  /// How far a stop is.
  enum Stop: Hashable, Sendable {
    /// Others of the group are stopped first.
    case waiting
    /// The engine is asked to stop it.
    case asked
    /// The engine has reported the stop signal. Some programs take a second one for impatience.
    case told
  }

  /// What happens to a container.
  enum Event: Hashable, Sendable {
    /// The engine has created it.
    case created
    /// It can't be started as it is: it was removed.
    case discarded
    /// The engine is asked to start it.
    case startRequested
    /// The engine refused to, or didn't.
    case startRefused
    /// The engine has started it.
    case started
    /// The engine reports that it has exited.
    case exitReported
    /// What was reported is looked into.
    case examined
    /// It runs: the report was of an earlier start.
    case foundRunning
    /// It is to be started again together with another container.
    case stopRequested
    /// The engine is asked to stop it.
    case stopAsked
    /// The engine reports that it was sent a signal.
    case signalReported
    /// It has exited, and is to be started again.
    case restartDecided
    /// It has exited, or was removed, and is not to be started again.
    case ended(exitCode: Int)
  }

  /// The state after an event; nil where that event can't happen in this one.
  func after(_ event: Event) -> MemberState? {
    switch (self, event) {
    case (.planned, .created): .created
    case (.created, .discarded), (.starting, .discarded): .planned
    case (.planned, .discarded), (.restarting, .discarded), (.ended, .discarded): self
    // One that is to be started again was removed, and has been created again.
    case (.restarting, .created): self
    case (.created, .startRequested), (.restarting, .startRequested): .starting(hasEnded: false)
    case (.starting, .startRefused): .created
    case (.starting(let hasEnded), .started): hasEnded ? .exiting(again: false) : .running
    case (.starting, .exitReported): .starting(hasEnded: true)
    case (.running, .exitReported): .exiting(again: false)
    case (.exiting, .exitReported): .exiting(again: true)
    case (.exiting, .examined): .exiting(again: false)
    case (.exiting, .foundRunning): .running
    case (.running, .stopRequested), (.exiting, .stopRequested): .stopping(.waiting)
    case (.stopping(.waiting), .stopAsked): .stopping(.asked)
    case (.stopping(.asked), .signalReported): .stopping(.told)
    case (.exiting, .restartDecided), (.stopping, .restartDecided): .restarting
    case (.starting, .ended(let code)), (.running, .ended(let code)), (.exiting, .ended(let code)),
      (.stopping, .ended(let code)),
      // One that is optional and can't be started.
      (.planned, .ended(let code)), (.created, .ended(let code)), (.restarting, .ended(let code)):
      .ended(exitCode: code)
    // The first report of an end stands.
    case (.ended, .ended): self
    // What happens without a consequence of its own.
    case (.stopping, .exitReported), (.restarting, .exitReported), (.ended, .exitReported),
      (.planned, .exitReported), (.created, .exitReported):
      self
    default: nil
    }
  }
}
