import Compose
import DockerEngine

/// One container of a pod and where it stands.
struct Member {
  /// Where a container stands.
  enum Phase: Equatable {
    /// Not created as yet.
    case planned
    /// Created, not started.
    case created
    /// Asked to start.
    case starting
    /// Started.
    case running
    /// Told to stop, to be started again with the group that it lives in; it runs until its process is gone.
    case stopping
    /// Ended, and about to be started again.
    case restarting
    /// Ended for good.
    case ended(exitCode: Int)
  }
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
  /// How it exited after its last start.
  var exit: Exit?
  /// Someone else had the engine send it a signal after its last start.
  var isSignaledByOthers = false
  /// It was sent its stop signal by the pod after its last start: some programs take a second one for impatience.
  var isTold = false
  /// The engine took it down with itself.
  var isTakenDown = false
  /// Networks that someone else has disconnected it from.
  var lostNetworks: Set<String> = []
  var container: String?
  /// True once there has been a container.
  var hasBeenCreated = false
  var phase = Phase.planned
  var health = Health.none
  var output: ContainerOutput?
  var stopSignal: String?
  var restarts = 0
  var backoff = RestartBackoff()
  var startedAt = ContinuousClock.now
  /// What the engine says of it since its last start, if it has addresses of its own.
  var details: Task<ContainerDetails?, Never>?
  /// An end that was seen while the start was still unanswered.
  var endedWhileStarting = false
  /// When the engine last said that its memory, or its pod's, ran out.
  var outOfMemoryAt: ContinuousClock.Instant?
  /// How often it was asked to start.
  var starts = 0
  /// True while an end is looked into, until it is decided what follows from it.
  var isExamined = false
  /// An end was seen while another was looked into.
  var hasEndedAgain = false
  /// True while commands around its life are under way.
  var isInHooks = false

  init(plan: ContainerPlan, index: Int) {
    self.plan = plan
    self.index = index
  }

  var name: String { plan.key }

  /// True once it has been started, whatever came after.
  var hasStarted: Bool {
    switch phase {
    case .running, .stopping, .restarting, .ended: true
    case .planned, .created, .starting: false
    }
  }

  /// True once others need not wait for it.
  var hasComeUp: Bool { hasStarted && !isInHooks }

  /// The container's ID if it may be running.
  var liveContainer: String? {
    switch phase {
    case .starting, .running, .stopping: container
    case .planned, .created, .restarting, .ended: nil
    }
  }
}
