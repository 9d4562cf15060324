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

/// One pod's life: from a plan to running containers, and back to nothing.
public actor Pod {
  /// What has happened to the pod. It ends with the pod.
  public nonisolated let history = PodHistory()
  /// How far its pulls are.
  public nonisolated let pulls = PullBoard()
  let request: PodRequest
  let engine: DockerEngine
  let info: Task<EngineInfo, any Error>?
  let output: PodOutput
  var images: Images
  /// What hooks see.
  let environment: [String: String]
  let log: Logger
  let report: @Sendable (PodUpdate) async -> Void
  let ownsCgroup: @Sendable () async -> Bool
  let slices: SliceKeeper
  /// The files of each service's output; nil where there are none.
  let splitLogs: SplitLogs?

  /// What to create; nil until the engine has said which cgroups it uses.
  var plan: PodPlan?
  var members: [String: Member] = [:]
  let changes = AsyncCondition()
  var verdict: PodOutcome?
  /// Its owner is told that it runs; the time for coming up is over.
  var hasComeUp = false
  /// The published ports, once the pod runs.
  var publishedPorts: [AssignedPort] = []
  /// The service that an operator has restarted, until it is up again.
  var restartedService: String?
  /// Its owner has been told.
  var isRunning = false
  /// The pod has failed, and the details for its message are being collected.
  var isFailing = false
  var isListening = false
  var presence = EnginePresence()
  /// Vanished volumes are being created again.
  var isRestoringVolumes = false
  /// The creation of vanished networks that is under way.
  var networkRepair: Task<Void, any Error>?
  /// Containers that run before a service, with their exit codes once they are known.
  var hookContainers: [String: Int?] = [:]
  /// What tells these to stop.
  var hookSignals: [String: String] = [:]
  /// The images that the services' containers are made from, by service.
  var provided: [String: ProvidedImage] = [:]
  /// Hooks that run because the pod does; its end doesn't cut them off.
  var runningHooks: Task<Void, Never>?
  /// Every container that was created for a service or its hooks, those that were discarded among them.
  var madeContainers: [String] = []
  /// The private mounts of what they mount; nil where there are none.
  var pins: PodPins?
  /// How much each container may write, where the engine can limit it.
  var diskQuota: Int64?
  /// The most that the containers had written when that was measured; and when it was reported last.
  var diskUse: DiskUse?
  var reportedDisk: Int64?
  /// The anonymous volumes of these, by name.
  var anonymousVolumes: Set<String> = []
  /// Where the values of external secrets are on the engine's host; nil where the pod has none.
  var secretFolder: String?
  /// Networks and volumes that were made for the pod; containers are in `members`.
  var created: [PodObject] = []
  /// Final services that have exited, or failed to start.
  var overFinals: Set<String> = []
  /// Why optional and final services have no image.
  var imageFailures: [String: any Error] = [:]
  /// When the launch began.
  var launchedAt: ContinuousClock.Instant?
  var stopDeadline: ContinuousClock.Instant?
  var killGrace: Duration?
  /// When final services have to be done, of a pod that is told to end while they run.
  var finalDeadline: ContinuousClock.Instant?
  /// How many levels of dependencies there are to be stopped one after the other.
  var levels = 1
  var cleanupLimit: Duration?
  /// Work on single containers that is under way.
  var tasks: [Int: Task<Void, Never>] = [:]
  private var taskCount = 0
  /// What the engine has warned of: much of it is said of every container.
  private var engineWarnings: Set<String> = []
  /// Services whose `pre_start` is done.
  var preStarted: Set<String> = []
  /// Objects may still appear: a create or start was not answered in time.
  var mayGrow = false
  /// What is remembered for the report of its end.
  var notes = ReportNotes()

  /// Prepares a pod; nothing is created before `run()`.
  ///
  /// - Parameters:
  ///   - request: the project and its task.
  ///   - engine: the engine to create it in.
  ///   - info: what the engine says of itself, if it has been asked already.
  ///   - output: where the containers' output goes.
  ///   - environment: the environment for `docker build`.
  ///   - log: takes what deserves a word.
  ///   - slices: keeps the slice that this executor's pods share; nil for one of the pod's own.
  ///   - ownsCgroup: asked when the pod is gone: whether no other pod of this executor lives in its cgroup.
  ///   - report: called when the pod starts and when it runs.
  public init(
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
    images = Images(
      engine: engine, environment: environment, run: request.run, project: names.project,
      projectDirectory: request.project.workingDirectory, proxies: request.proxies,
      policy: request.policy, programPath: request.programPath, log: log, history: history,
      pulls: pulls)
    images.use = ImageUse(request, engine: engine, info: info, environment: environment, log: log)
  }

  /// Lives the pod's life: starts it, keeps it, and ends it when it is done, broken or told to.
  ///
  /// - Returns: how it ended, once everything of it is removed or `cleanup` has run out.
  public func run() async -> PodOutcome {
    history.record(.podStarting)
    await report(.starting)
    images.recovers = { try await self.recovers(from: $0) }
    let follower = Task { await self.followEvents() }
    let watcher = Task { await self.watchEngine() }
    let onlooker = Task { await self.watchUsage() }
    let meter = Task { await self.watchDisk() }
    // A busy host is slow to answer: the launch has its own deadline.
    let patience = ContinuousClock.now + request.timeouts.launch
    let launcher = Task { await DockerEngine.$patience.withValue(patience) { await self.launch() } }
    let timer = Task {
      try? await Task.sleep(for: self.request.timeouts.launch)
      if !Task.isCancelled { self.launchTimedOut() }
    }
    // Cancelled, it still ends its pod.
    try? await wait { self.verdict != nil }
    timer.cancel()
    launcher.cancel()
    onlooker.cancel()
    readUsage()
    for task in tasks.values { task.cancel() }
    stopDeadline = .now + stopGrace
    // Nobody waits for the others' starts and restarts to be given up.
    let stopping = Task { await self.stopMembers() }
    await settleDown([launcher] + tasks.values)
    await stopping.value
    await runFinals()
    notes.stoppedAt = WallClock.now
    for task in [follower, watcher, meter] { task.cancel() }
    for task in [follower, watcher, meter, onlooker] { await task.value }
    reportDisk()
    images.recovers = { _ in false }
    let outcome = await conclude()
    await images.use?.end(of: provided.values.map(\.id))
    recordEnd(outcome)
    return outcome
  }

  /// Waits for what is under way: a create or start is never cut off, as dockerd completes it anyway. An engine that
  /// hangs must not hold up the end, though: this and the stopping share one deadline.
  private func settleDown(_ tasks: [Task<Void, Never>]) async {
    let begin = ContinuousClock.now
    for task in tasks {
      while true {
        // A further kill may bring the deadlines forward meanwhile, so the wait is cut in slices.
        let least = begin + (cleanupLimit == nil ? .seconds(5) : .seconds(1))
        let rest = max(stopDeadline ?? least, least) - .now
        if await task.hasEnded(within: min(max(.zero, rest), .milliseconds(250))) { break }
        if rest <= .zero {
          mayGrow = true
          break
        }
      }
    }
  }

  /// Ends the pod. A second call may shorten the grace, and never restarts the clock.
  ///
  /// - Parameters:
  ///   - grace: how long the whole pod may take to stop; nil for the request's.
  ///   - cleanup: how long removing may take; nil for the request's.
  ///   - message: why, for people.
  public func kill(
    grace: Duration? = nil, cleanup: Duration? = nil, message: String = "killed"
  ) {
    if let cleanup { cleanupLimit = min(cleanupLimit ?? cleanup, cleanup) }
    if let grace {
      killGrace = min(killGrace ?? grace, grace)
      if let stopDeadline { self.stopDeadline = min(stopDeadline, .now + grace) }
    }
    if verdict != nil {
      let deadline = ContinuousClock.now + (grace ?? stopGrace)
      finalDeadline = min(finalDeadline ?? deadline, deadline)
    }
    settle(PodOutcome(state: .killed, message: message))
    changes.notifyAll()
  }

  /// Ends the pod as failed, for a reason that its owner has seen.
  ///
  /// - Parameter message: the reason, for people.
  public func giveUp(_ message: String) { fail(message) }

  /// Decides how the pod ends; the first decision stands.
  func settle(_ outcome: PodOutcome) {
    guard verdict == nil else { return }
    verdict = outcome
    history.record(.podStopping, outcome.message)
    changes.notifyAll()
  }

  /// Fails the pod. The first cause is reported; what fails after it is its consequence.
  func fail(_ message: String, reason: PodOutcome.Reason? = nil) {
    guard !isFailing else { return }
    settle(PodOutcome(state: .failed, message: Failure(message).text(), reason: reason))
  }

  /// Fails the pod for an error; one of the file's names the variables that are not set in its
  /// value.
  func fail(_ error: any Error) {
    let failure = error as? Failure
    let explained = (error as? ComposeError ?? failure?.error).map {
      request.project.unset.explaining($0, byKey: true)
    }
    guard var failure else { return fail("\(explained ?? error)") }
    if let explained { failure.cause = "\(explained)" }
    guard !isFailing else { return }
    settle(PodOutcome(state: .failed, message: failure.text()))
  }

  /// Fails the pod for a cause that needs time to describe: nothing else becomes the cause meanwhile.
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
    settle(outcome)
  }

  /// True once the pod's end is certain: nothing more is started.
  var isEnding: Bool { verdict != nil || isFailing }

  private func launchTimedOut() {
    guard !hasComeUp else { return }
    let limit = request.timeouts.launch.components.seconds
    fail("not running within \(limit) s: \(launchWaits)")
  }

  /// Passes on what the engine warned of, once in the pod's life.
  func warn(_ warnings: [String], of name: String) {
    for warning in warnings where engineWarnings.insert(warning).inserted {
      log.warning("service '\(name)': \(warning)")
    }
  }

  /// Starts work on a container that nobody waits for before the pod ends.
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

  /// Changes a member and wakes whoever waits for a change.
  func update(_ name: String, _ change: (inout Member) -> Void) {
    guard var member = members[name] else { return }
    let health = member.health
    change(&member)
    members[name] = member
    recordHealth(of: name, since: health)
    changes.notifyAll()
  }
}
