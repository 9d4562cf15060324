import Compose
import DockerEngine
import Logging

/// One container of a pod, and its state.
struct PodContainer {
  /// The state of its healthcheck.
  enum Health: Equatable {
    /// It has no healthcheck.
    case none
    /// There is no result yet.
    case starting
    /// The last check passed.
    case healthy
    /// Enough consecutive checks have failed.
    case unhealthy
  }

  /// An exit that the engine reported.
  struct Exit: Equatable {
    /// The exit code; nil if the event was missed.
    var code: Int?
    /// The number of engine outages before the exit.
    var outages: Int
    /// The container exited by itself: the engine was running, and no client had it send a signal.
    var isNatural = false
  }

  /// External influence on a container between a start and its exit.
  enum Influence: Equatable {
    /// No external influence.
    case none
    /// Another client had the engine send it a signal.
    case signal
    /// The engine stopped it during an outage.
    case takedown
  }

  /// One start of a container, and what is known about it. Each start begins a new record.
  struct Run {
    /// The number of start requests for the container, including this one.
    var number = 0
    /// When the engine confirmed the start.
    var startedAt = ContinuousClock.now
    /// The exit; nil before it is reported.
    var exit: Exit?
    var influence = Influence.none
    /// Whether it is being restarted because it is unhealthy.
    var isUnhealthyRestart = false
    /// Whether it exited because of its PID namespace, and restarts together with the namespace's
    /// owner.
    var followsOwner = false
    /// When the engine last reported that the container, or its pod, ran out of memory.
    var outOfMemoryAt: ContinuousClock.Instant?
    /// The engine's details of the container, if it has addresses of its own.
    var details: Task<ContainerDetails?, Never>?
  }

  /// The service hooks that are running in the container.
  enum Commands: Equatable {
    case none
    /// Its `post_start` hooks: dependents wait for them.
    case afterStart
    /// Its `pre_stop` hooks.
    case beforeStop
  }

  let plan: ContainerPlan
  let index: Int
  /// The image from which it is created.
  var image: ResolvedImage?
  /// How often its image was provided again.
  var imageAttempts = 0
  /// The last outage after which it was recreated because the engine refused to start it.
  var renewedIn = 0
  /// The IDs of the containers to which its create request refers, by key.
  var referenced: [String: String] = [:]
  /// Networks from which another client has disconnected it.
  var lostNetworks: Set<String> = []
  var container: String?
  /// The last container that was created for it, even if another client has removed that one.
  var lastContainer: String?
  /// How often it was created.
  var creations = 0
  /// Changed only by `Pod.advance`.
  fileprivate(set) var state = PodContainerState.planned
  var health = Health.none
  var commands = Commands.none
  var output: LogForwarder?
  var stopSignal: String?
  var run = Run()
  /// Whether its output is attached for a start that isn't requested yet: such a stream may never
  /// end.
  var isListenedTo = false
  /// The number of the last run that was stopped together with its group.
  var stoppedRun: Int?
  /// Why it can't be started; set only if the pod continues without it.
  var startFailure: String?
  /// The number of the last run that the engine stopped during an outage.
  var takenDownRun: Int?
  var restarts = 0
  /// The number of restarts by its policy since it last ran for the policy's window.
  var attempts = 0
  var backoff = RestartBackoff()
  /// Whether an operator requested a restart while its policy was about to restart it. The policy's
  /// pause is then cut short.
  var isAskedToReturn = false

  init(plan: ContainerPlan, index: Int) {
    self.plan = plan
    self.index = index
  }

  var name: String { plan.key }

  /// The number of restarts that its policy counts after an exit now.
  var countedAttempts: Int {
    guard let window = plan.service.restartBounds.window, window > .zero else { return attempts }
    return .now - run.startedAt >= window ? 0 : attempts
  }

  /// Whether the bound of its policy permits another restart, whatever the cause.
  var mayRestart: Bool {
    var most = plan.service.restartBounds.attempts
    if most == nil, case .onFailure(let maximum?) = plan.service.restart, maximum > 0 {
      most = maximum
    }
    return most.map { countedAttempts < $0 } ?? true
  }

  /// The decision of its restart policy about an exit.
  func decision(exitCode: Int) -> RestartDecision {
    RestartDecision(
      policy: plan.service.restart, exitCode: exitCode, restarts: countedAttempts,
      most: plan.service.restartBounds.attempts)
  }

  /// True after its first start, in any later state.
  var hasStarted: Bool {
    switch state {
    case .running, .exiting, .stopping, .restarting, .ended: true
    case .planned, .created, .starting: false
    }
  }

  /// True if dependents no longer have to wait for its start.
  var hasComeUp: Bool { hasStarted && commands != .afterStart || hasEnded }

  /// Started, and not known to have exited: its exit, if there was one, is still being inspected.
  var isAlive: Bool {
    switch state {
    case .running, .exiting: true
    case .planned, .created, .starting, .stopping, .restarting, .ended: false
    }
  }

  /// Its start, exit, stop or restart is in progress, so its namespaces can't be joined now.
  var isAway: Bool {
    switch state {
    case .starting, .exiting, .stopping, .restarting: true
    case .planned, .created, .running, .ended: false
    }
  }

  var isStarting: Bool { if case .starting = state { true } else { false } }
  var isExiting: Bool { if case .exiting = state { true } else { false } }
  var isStopping: Bool { if case .stopping = state { true } else { false } }
  var hasEnded: Bool { exitCode != nil }

  /// The exit code after its final exit.
  var exitCode: Int? { if case .ended(let code) = state { code } else { nil } }

  /// The container's ID if it may be running.
  var liveContainer: String? {
    switch state {
    case .starting, .running, .exiting, .stopping: container
    case .planned, .created, .restarting, .ended: nil
    }
  }
}

extension Pod {
  /// Applies an event to a member's state, and notifies all waits. An event that can't happen in
  /// the state is a fault of this program: a debug build traps, a release build logs an error and
  /// keeps the state.
  func advance(_ name: String, _ event: PodContainerState.Event) {
    guard let state = members[name]?.state else { return }
    guard let next = state.after(event) else {
      log.error("internal error: \(event) can't happen to '\(name)', which is \(state)")
      assertionFailure("\(event) of '\(name)' in \(state)")
      return
    }
    if next == state { return }
    update(name) { $0.state = next }
    record(event, of: name)
  }
}
