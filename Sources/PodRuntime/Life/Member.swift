import Compose
import DockerEngine
import Logging

/// One container of a pod and where it stands.
struct Member {
  /// What its healthcheck says.
  enum Health: Equatable {
    /// It has none.
    case none
    /// No result as yet.
    case starting
    /// The last check passed.
    case healthy
    /// So many checks failed that it counts as unhealthy.
    case unhealthy
  }

  /// An exit that the engine reported.
  struct Exit: Equatable {
    /// Its code; nil where the event was missed.
    var code: Int?
    /// How often the engine had been away by then.
    var outages: Int
    /// The container exited by itself: the engine was there, and nobody had it send a signal.
    var isNatural = false
  }

  /// What came to a container between a start and its exit, and from whom.
  enum Influence: Equatable {
    /// Nothing from outside.
    case none
    /// Someone else had the engine send it a signal.
    case signal
    /// The engine took it down with itself.
    case takedown
  }

  /// One start of a container, and what is known of it since. Each start begins a new one.
  struct Run {
    /// How often the container was asked to start, this time included.
    var number = 0
    /// When the engine said that it had started.
    var startedAt = ContinuousClock.now
    /// How it exited.
    var exit: Exit?
    var influence = Influence.none
    /// It is stopped to be started again, since it is unhealthy.
    var isUnhealthyRestart = false
    /// It went down with the process namespace that it lives in, and comes back with whom that belongs to.
    var followsOwner = false
    /// When the engine last said that its memory, or its pod's, ran out.
    var outOfMemoryAt: ContinuousClock.Instant?
    /// What the engine says of it, if it has addresses of its own.
    var details: Task<ContainerDetails?, Never>?
  }

  /// Which of its commands are under way in the container.
  enum Commands: Equatable {
    case none
    /// Its `post_start`: others wait for it.
    case afterStart
    /// Its `pre_stop`.
    case beforeStop
  }

  let plan: ContainerPlan
  let index: Int
  /// The image that it is created from.
  var image: ProvidedImage?
  /// How often its image had to be provided again.
  var imageAttempts = 0
  /// The last outage of the engine after which it was created again, since the engine refused to start it.
  var renewedIn = 0
  /// The containers that it was created with references to, by their keys.
  var referenced: [String: String] = [:]
  /// Networks that someone else has disconnected it from.
  var lostNetworks: Set<String> = []
  var container: String?
  /// The container that was made for it last, also where someone has removed that since.
  var lastContainer: String?
  /// How often it was created.
  var creations = 0
  /// Changed by `Pod.advance` alone.
  fileprivate(set) var state = MemberState.planned
  var health = Health.none
  var commands = Commands.none
  var output: ContainerOutput?
  var stopSignal: String?
  var run = Run()
  /// Its output is listened to for a start that has not been asked for: that stream may have no end.
  var isListenedTo = false
  /// The last run that was stopped together with its group.
  var stoppedRun: Int?
  /// Why it can't be started, where its pod goes on without it.
  var startFailure: String?
  /// The start that the engine took down with itself.
  var takenDownRun: Int?
  var restarts = 0
  /// How often its policy has started it again, since it last ran for the policy's window.
  var attempts = 0
  var backoff = RestartBackoff()
  /// An operator asks for its restart, which is due by its own policy: the pause before that is cut short.
  var isAskedToReturn = false

  init(plan: ContainerPlan, index: Int) {
    self.plan = plan
    self.index = index
  }

  var name: String { plan.key }

  /// How often its policy has started it again, as the policy counts now that it has exited.
  var countedAttempts: Int {
    guard let window = plan.service.restartBounds.window, window > .zero else { return attempts }
    return .now - run.startedAt >= window ? 0 : attempts
  }

  /// Whether its policy's bound lets it be started again, whatever the cause.
  var mayRestart: Bool {
    var most = plan.service.restartBounds.attempts
    if most == nil, case .onFailure(let maximum?) = plan.service.restart, maximum > 0 {
      most = maximum
    }
    return most.map { countedAttempts < $0 } ?? true
  }

  /// What its policy makes of an exit.
  func decision(exitCode: Int) -> RestartDecision {
    RestartDecision(
      policy: plan.service.restart, exitCode: exitCode, restarts: countedAttempts,
      most: plan.service.restartBounds.attempts)
  }

  /// True once it has been started, whatever came after.
  var hasStarted: Bool {
    switch state {
    case .running, .exiting, .stopping, .restarting, .ended: true
    case .planned, .created, .starting: false
    }
  }

  /// True once others need not wait for it.
  var hasComeUp: Bool { hasStarted && commands != .afterStart || hasEnded }

  /// It has been started, and its end, if there was one, is not decided upon.
  var isAlive: Bool {
    switch state {
    case .running, .exiting: true
    case .planned, .created, .starting, .stopping, .restarting, .ended: false
    }
  }

  /// It was started, and may be again, but can't be joined now.
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

  /// Its exit code once it has ended for good.
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
  /// Takes a member from one state into the next, and wakes whoever waits for a change. An event that can't happen in
  /// its state is a fault of this program: a debug build traps, any other says so and leaves the state.
  func advance(_ name: String, _ event: MemberState.Event) {
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
