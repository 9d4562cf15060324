/// The state of a container of a pod, and its transitions (docs/design.md, "Container states").
enum PodContainerState: Hashable, Sendable {
  /// Not created yet.
  case planned
  /// Created, not started.
  case created
  /// The engine has the start request. The exit may be reported before the response.
  case starting(hasEnded: Bool)
  /// Started.
  case running
  /// An exit was reported and is being inspected. Further reports may arrive meanwhile.
  case exiting(again: Bool)
  /// The container will be stopped and restarted with its group. It runs until its process is gone.
  case stopping(Stop)
  /// Exited, and about to be restarted.
  case restarting
  /// Exited for good.
  case ended(exitCode: Int)

  /// The progress of a stop.
  enum Stop: Hashable, Sendable {
    /// Other containers of the group are stopped first.
    case waiting
    /// The engine has the stop request.
    case sent
    /// The engine has reported the stop signal. It is not sent again, because some programs exit at
    /// once after a second one.
    case signaled
  }

  /// An event in the life of a container.
  enum Event: Hashable, Sendable {
    /// The engine has created it.
    case created
    /// It can't be started as it is, and was removed.
    case discarded
    /// The start request is sent to the engine.
    case startRequested
    /// The engine refused the start, or didn't perform it.
    case startRefused
    /// The engine has started it.
    case started
    /// The engine reports that it has exited.
    case exitReported
    /// The inspection of the reported exit begins.
    case examined
    /// It is running: the report was of an earlier start.
    case foundRunning
    /// It will be restarted together with another container.
    case stopRequested
    /// The stop request is sent to the engine.
    case stopSent
    /// The engine reports that it was sent a signal.
    case signalReported
    /// It has exited, and will be restarted.
    case restartDecided
    /// It has exited or was removed, and will not be restarted.
    case ended(exitCode: Int)
  }

  /// The state after an event; nil if the event can't happen in this state.
  func after(_ event: Event) -> PodContainerState? {
    switch (self, event) {
    case (.planned, .created): .created
    case (.created, .discarded), (.starting, .discarded): .planned
    case (.planned, .discarded), (.restarting, .discarded), (.ended, .discarded): self
    // A container that was removed before its restart has been created again.
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
    case (.stopping(.waiting), .stopSent): .stopping(.sent)
    case (.stopping(.sent), .signalReported): .stopping(.signaled)
    case (.exiting, .restartDecided), (.stopping, .restartDecided): .restarting
    case (.starting, .ended(let code)), (.running, .ended(let code)), (.exiting, .ended(let code)),
      (.stopping, .ended(let code)),
      // An optional one that can't be started.
      (.planned, .ended(let code)), (.created, .ended(let code)), (.restarting, .ended(let code)):
      .ended(exitCode: code)
    // The first report of an exit counts.
    case (.ended, .ended): self
    // Events without consequences.
    case (.stopping, .exitReported), (.restarting, .exitReported), (.ended, .exitReported),
      (.planned, .exitReported), (.created, .exitReported):
      self
    default: nil
    }
  }
}
