import Concurrency
import Compose
import DockerEngine
import Linux
import Logging
import PodControl
import OrderedCollections
import PodIdentity
import PodObjects
import YAML

/// One pod, from its plan to running containers to their removal.
package actor Pod {
  /// The pod's events. It is closed at the end of the pod.
  package nonisolated let history = PodHistory()
  /// The progress of image pulls.
  package nonisolated let pulls = PullBoard()
  let request: PodRequest
  let engine: DockerEngine
  let info: Task<EngineInfo, any Error>?
  let output: PodOutput
  var images: ImageProvider
  /// The environment of hooks, credential helpers and image builds.
  let environment: [String: String]
  let log: Logger
  let report: @Sendable (PodUpdate) async -> Void
  let ownsCgroup: @Sendable () async -> Bool
  let slices: SliceKeeper
  /// The files of each service's output; nil if there are none.
  let splitLogs: SplitLogs?

  /// The plan; nil until it is known which cgroup the pod gets.
  var plan: PodPlan?
  /// Whether its containers and cgroup are planned. Without a plan it has no container.
  package var hasPlan: Bool { plan != nil }
  var members: [String: PodContainer] = [:]
  let changes = AsyncCondition()
  var outcome: PodOutcome?
  /// Whether all services have started, so that the launch timeout no longer applies.
  var hasComeUp = false
  /// The published ports of the running pod.
  var publishedPorts: [AssignedPort] = []
  /// The service that is being restarted on an operator's request.
  var restartedService: String?
  /// Whether the pod was reported to its owner as running.
  var isRunning = false
  /// A failure has been observed, and the details for its message are being collected.
  var isFailing = false
  var isListening = false
  var presence = EnginePresence()
  /// Vanished volumes are being created again.
  var isRestoringVolumes = false
  /// The task that recreates vanished networks.
  var networkRepair: Task<Void, any Error>?
  /// The containers of `pre_start` hooks, with their exit codes once these are known.
  var hookContainers: [String: Int?] = [:]
  /// The stop signals of these containers.
  var hookSignals: [String: String] = [:]
  /// The images of the services' containers, by service.
  var provided: [String: ResolvedImage] = [:]
  /// Hooks that were started because the pod is running. The end of the pod doesn't interrupt them.
  var runningHooks: Task<Void, Never>?
  /// Every container that was created for a service or its hooks, including discarded ones.
  var madeContainers: [String] = []
  /// Those of them that are known to be gone. The removal doesn't request them again.
  var removedContainers: Set<String> = []
  /// The private mounts of the containers' mount sources; nil if there are none.
  var pins: PodPins?
  /// How many bytes each container may write, if the engine can limit it; nil otherwise.
  var diskQuota: Int64?
  /// The largest measured disk use of the containers, and the total that was last reported.
  var diskUse: DiskUse?
  var reportedDisk: Int64?
  /// The names of the containers' anonymous volumes.
  var anonymousVolumes: Set<String> = []
  /// The directory with the values of external secrets on the engine's host; nil if the pod has
  /// none.
  var secretDirectory: String?
  /// Networks and volumes that were created for the pod; containers are in `members`.
  var created: [PodObject] = []
  /// Final services that have exited, or failed to start.
  var overFinals: Set<String> = []
  /// Why optional and final services have no image.
  var imageFailures: [String: any Error] = [:]
  /// When the launch began.
  var launchedAt: ContinuousClock.Instant?
  var stopDeadline: ContinuousClock.Instant?
  var killGrace: Duration?
  /// The deadline for final services if the pod is killed while they run.
  var finalDeadline: ContinuousClock.Instant?
  /// The number of dependency levels that are stopped one after the other, including final
  /// services.
  var levels = 1
  var cleanupLimit: Duration?
  /// Whether the pod is being removed: all containers had their time to stop.
  var isBeingRemoved = false
  /// The deadline of the removal in a shutdown; nil without one.
  var cleanupDeadline: ContinuousClock.Instant?
  /// Running work on single containers.
  var tasks: [Int: Task<Void, Never>] = [:]
  private var taskCount = 0
  /// The engine's warnings so far. The engine repeats many of them for every container.
  private var engineWarnings: Set<String> = []
  /// Services whose `pre_start` hooks are done.
  var preStarted: Set<String> = []
  /// Whether objects may still appear, because a create or start got no response in time.
  var hasUnconfirmedRequests = false
  /// Data for the report of the pod's end.
  var notes = ReportNotes()

  /// Prepares a pod; nothing is created before `run()`.
  ///
  /// - Parameters:
  ///   - request: the project and its task.
  ///   - engine: the engine in which to create it.
  ///   - info: a running request for the engine's information; nil to send it later.
  ///   - output: receives the containers' output.
  ///   - environment: the environment for hooks, credential helpers and image builds.
  ///   - log: receives the pod's log messages.
  ///   - slices: keeps the slice that this executor's pods share; nil for one of the pod's own.
  ///   - ownsCgroup: called after the pod's removal: whether no other pod of this executor uses its
  ///     cgroup.
  ///   - report: called when the pod starts and when it is running.
  package init(
    request: PodRequest, engine: DockerEngine, info: Task<EngineInfo, any Error>? = nil,
    output: PodOutput, environment: [String: String], log: Logger, slices: SliceKeeper? = nil,
    ownsCgroup: @escaping @Sendable () async -> Bool = { true },
    report: @escaping @Sendable (PodUpdate) async -> Void
  ) {
    self.ownsCgroup = ownsCgroup
    self.slices = slices ?? SliceKeeper(log: log)
    self.request = request
    self.engine = engine
    self.info = info
    self.output = output
    self.log = log
    self.report = report
    self.environment = environment
    splitLogs = request.options.splitLogs.map { rotation in
      let streams = request.project.services.values.reduce(0) {
        $0 + 2 * min(PodPlanner.mostContainers, max(1, $1.containers))
      }
      return SplitLogs(
        sandbox: request.sandbox ?? request.project.workingDirectory,
        limit: rotation.size(streams: streams, disk: request.limits?.disk),
        olderFiles: rotation.olderFiles, task: request.taskID, log: log)
    }
    let names = request.identity.names
    images = ImageProvider(
      engine: engine, environment: environment, run: request.run, project: names.project,
      projectDirectory: request.project.workingDirectory, proxies: request.proxies,
      policy: request.policy, programPath: request.programPath, log: log, history: history,
      pulls: pulls)
    images.use = ImageUse(request, engine: engine, info: info, environment: environment, log: log)
  }

  /// Launches the pod, keeps it running, and stops and removes it when it has finished, failed or
  /// was killed.
  ///
  /// - Returns: the outcome, after everything is removed or the cleanup timeout has elapsed.
  package func run() async -> PodOutcome {
    history.record(.podStarting)
    await report(.starting)
    images.recovers = { try await self.recovers(from: $0) }
    let follower = Task { await self.followEvents() }
    let watcher = Task { await self.watchEngine() }
    let usageWatcher = Task { await self.watchUsage() }
    let meter = Task { await self.watchDisk() }
    // A busy host responds slowly: the launch has its own deadline.
    let patience = ContinuousClock.now + request.timeouts.launch
    let launcher = Task { await DockerEngine.$patience.withValue(patience) { await self.launch() } }
    let timer = Task {
      try? await Task.sleep(for: self.request.timeouts.launch)
      if !Task.isCancelled { self.launchTimedOut() }
    }
    // A canceled task still stops and removes its pod.
    try? await wait { self.outcome != nil }
    timer.cancel()
    launcher.cancel()
    usageWatcher.cancel()
    readUsage()
    for task in tasks.values { task.cancel() }
    stopDeadline = .now + stopGrace
    // Stopping doesn't wait until the starts and restarts of other containers are abandoned.
    let stopping = Task { await self.stopMembers() }
    await awaitInFlightOperations([launcher] + tasks.values)
    await stopping.value
    await runFinals()
    notes.stoppedAt = WallClock.now
    for task in [follower, watcher, meter] { task.cancel() }
    for task in [follower, watcher, meter, usageWatcher] { await task.value }
    reportDisk()
    images.recovers = { _ in false }
    let outcome = await tearDown()
    await images.use?.end(of: provided.values.map(\.id))
    recordEnd(outcome)
    return outcome
  }

  /// Waits for running work: a create or start is never canceled, because dockerd completes it
  /// anyway. An engine that hangs must not delay the end, so this wait and the stop share one
  /// deadline.
  private func awaitInFlightOperations(_ tasks: [Task<Void, Never>]) async {
    let begin = ContinuousClock.now
    for task in tasks {
      while true {
        // A second kill may bring the deadlines forward, so the wait is split into short intervals.
        let least = begin + (cleanupLimit == nil ? .seconds(5) : .seconds(1))
        let rest = max(stopDeadline ?? least, least) - .now
        if await task.hasEnded(within: min(max(.zero, rest), .milliseconds(250))) { break }
        if rest <= .zero {
          hasUnconfirmedRequests = true
          break
        }
      }
    }
  }

  /// Stops and removes the pod. A second call may shorten the grace period, and never restarts it.
  ///
  /// - Parameters:
  ///   - grace: time limit for stopping the whole pod; nil for the request's.
  ///   - cleanup: time limit for the removal; nil for the request's.
  ///   - message: the reason, for people.
  package func kill(
    grace: Duration? = nil, cleanup: Duration? = nil, message: String = "killed"
  ) {
    if let cleanup {
      cleanupLimit = min(cleanupLimit ?? cleanup, cleanup)
      if isBeingRemoved {
        // No container needs the grace any more. Half of it is left for the last output and update.
        let deadline = ContinuousClock.now + (grace ?? .zero) / 2 + cleanup
        cleanupDeadline = min(cleanupDeadline ?? deadline, deadline)
      }
    }
    if let grace {
      killGrace = min(killGrace ?? grace, grace)
      if let stopDeadline { self.stopDeadline = min(stopDeadline, .now + grace) }
    }
    if outcome != nil {
      let deadline = ContinuousClock.now + (grace ?? stopGrace)
      finalDeadline = min(finalDeadline ?? deadline, deadline)
    }
    decideOutcome(PodOutcome(state: .killed, message: message))
    changes.notifyAll()
  }

  /// Fails the pod for a reason that its owner has observed.
  ///
  /// - Parameter message: the reason, for people.
  package func giveUp(_ message: String) { fail(message) }

  /// Decides the pod's outcome; only the first decision counts.
  func decideOutcome(_ outcome: PodOutcome) {
    guard self.outcome == nil else { return }
    self.outcome = outcome
    history.record(.podStopping, outcome.message)
    changes.notifyAll()
  }

  /// Fails the pod. The first cause is reported; later failures are its consequences.
  func fail(_ message: String, reason: PodOutcome.Reason? = nil) {
    guard !isFailing else { return }
    decideOutcome(PodOutcome(state: .failed, message: Failure(message).text(), reason: reason))
  }

  /// Fails the pod for an error. For an error in the file, the message names the unset variables in
  /// its value.
  func fail(_ error: any Error) {
    let failure = error as? Failure
    let explained = (error as? DiagnosticError ?? failure?.error).map {
      request.project.unset.explaining($0, byKey: true)
    }
    guard var failure else { return fail("\(explained ?? error)") }
    if let explained { failure.cause = "\(explained)" }
    guard !isFailing else { return }
    decideOutcome(PodOutcome(state: .failed, message: failure.text()))
  }

  /// Fails the pod for a cause whose description takes time. Other causes are ignored meanwhile.
  func fail(
    reason: PodOutcome.Reason? = nil, mainExitCode: Int? = nil,
    describing describe: @Sendable (isolated Pod) async -> Failure
  ) async {
    guard !isEnding else { return }
    isFailing = true
    changes.notifyAll()
    let message = await describe(self)
    var outcome = PodOutcome(state: .failed, message: message.text(), reason: reason)
    outcome.mainExitCode = mainExitCode
    decideOutcome(outcome)
  }

  /// True once the pod's end is certain: nothing more is started.
  var isEnding: Bool { outcome != nil || isFailing }

  private func launchTimedOut() {
    guard !hasComeUp else { return }
    let limit = request.timeouts.launch.components.seconds
    fail("not running within \(limit) s: \(launchWaits)")
  }

  /// Logs the engine's warnings, each of them once.
  func warn(_ warnings: [String], of name: String) {
    for warning in warnings where engineWarnings.insert(warning).inserted {
      log.warning("service '\(name)': \(warning)")
    }
  }

  /// Starts work on a container. Only the end of the pod waits for it.
  @discardableResult
  func spawn(_ work: @escaping @Sendable (isolated Pod) async -> Void) -> Task<Void, Never> {
    taskCount += 1
    let number = taskCount
    let task = Task {
      await work(self)
      self.tasks[number] = nil
    }
    tasks[number] = task
    return task
  }

  /// Changes a member and notifies all waits.
  func update(_ name: String, _ change: (inout PodContainer) -> Void) {
    guard var member = members[name] else { return }
    let health = member.health
    change(&member)
    members[name] = member
    recordHealth(of: name, since: health)
    changes.notifyAll()
  }
}
