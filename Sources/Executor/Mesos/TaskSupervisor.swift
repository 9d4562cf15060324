import Concurrency
import DockerEngine
import HTTPClient
import Logging
import MesosExecutor
import PodControl
import PodRuntime

/// Runs the agent's tasks, each as a pod, and says of them what is true.
actor TaskSupervisor {
  let session: MesosSession
  let mesos: MesosEnvironment
  let settings: Settings
  let engine: DockerEngine
  let output: PodOutput
  let log: Logger
  let http = HTTPClient()
  /// Tasks of one run share its slice.
  let slices: SliceKeeper

  var tasks: [TaskID: RunningTask] = [:]
  var run: String
  /// Where operators on the host reach the tasks' pods; nil while there are none.
  var control: ControlServer?
  /// The last pod that ended while others lived in the run's cgroup.
  var cgroupHeir: Pod?
  /// Why no pod can be made; nil where one can.
  var refusal: String?
  /// When this process has to be gone.
  private var deadline: ContinuousClock.Instant?
  /// Nothing is left behind, and the agent knows all.
  private var isClean = true
  /// Set once there was a task, even one that could not be read.
  private var hasHadTasks = false
  /// Set once the agent, or a signal, has told the executor to go.
  private var isTold = false
  private var areAcknowledged: Bool?
  private let changes = AsyncCondition()
  /// Where the pods' figures are reported.
  let lease: Lease

  init(
    session: MesosSession, mesos: MesosEnvironment, settings: Settings, engine: DockerEngine,
    output: PodOutput, log: Logger, lease: Lease
  ) {
    self.lease = lease
    self.session = session
    self.mesos = mesos
    self.settings = settings
    self.engine = engine
    self.output = output
    self.log = log
    slices = SliceKeeper(log: log)
    run = mesos.run.value
  }

  /// How the executor ends.
  struct Ending: Sendable {
    /// Nothing is left behind, and the agent knows all.
    let isClean: Bool
    /// The exit code: 0 for a clean end, and for one that the agent asked for and left no time for.
    let code: Int32
  }

  /// Works until the last task's end is acknowledged, or the executor has been told to go.
  func work() async -> Ending {
    let connection = Task { await self.session.run() }
    let events = Task { for await event in self.session.events { await self.take(event) } }
    defer {
      connection.cancel()
      events.cancel()
    }
    while true {
      await wait { $0.isAtEnd }
      let wasTold = isShuttingDown
      switch await awaitAcknowledgements() {
      case nil: continue
      case true?: break
      case false?:
        log.warning("the agent has not acknowledged every update")
        // In a shutdown none may ever come.
        if !wasTold { isClean = false }
      }
      break
    }
    let left = tasks.values.filter { !$0.isOver }.map(\.info.taskID.value).sorted()
    if !left.isEmpty {
      isClean = false
      log.error(
        "no time left: what remains of task \(left.joined(separator: ", ")) is left to pod-reaper")
    }
    return Ending(isClean: isClean, code: isClean || isTold ? 0 : 1)
  }

  /// Ends every task, and has the process gone within the shutdown grace period.
  ///
  /// - Parameters:
  ///   - message: why, for people.
  ///   - isTold: false if this end is a failure of its own; after an end that was asked for it is none.
  func shutDown(_ message: String, isTold: Bool = true) {
    guard deadline == nil else { return }
    self.isTold = isTold
    if !isTold { isClean = false }
    log.info("\(message): ending \(tasks.values.count { !$0.isOver }) tasks")
    let plan = ShutdownPlan(gracePeriod: mesos.shutdownGracePeriod)
    deadline = .now + plan.exit
    for id in tasks.keys {
      end(id, EndRequest(grace: plan.grace, cleanup: plan.cleanup, message: message))
    }
    Task {
      try? await Task.sleep(for: plan.exit)
      self.notifyWaiters()
    }
    notifyWaiters()
  }

  // MARK: What the agent says

  private func take(_ event: SessionEvent) async {
    switch event {
    case .subscribed(let subscription, let isFirst):
      if let problem = subscription.problemOfRun {
        log.warning("the agent's container_id \(problem): the sandbox' path names the run")
      } else if let run = subscription.run?.value {
        self.run = run
      }
      if run.isEmpty {
        let message = "neither the agent's container_id nor the sandbox' path names a run"
        log.error("\(message)")
        isClean = false
        // The tasks that follow fail with it; nothing is made for them.
        refusal = message
        return
      }
      refusal = nil
      log.info("\(isFirst ? "subscribed" : "subscribed again") with the agent, run \(run)")
    case .refused:
      hasHadTasks = true
      notifyWaiters()
    case .settled(let id):
      tasks[id]?.isSettled = true
      forget(id)
    case .launch(let task): await launch([task], asGroup: false)
    case .launchGroup(let tasks): await launch(tasks, asGroup: true)
    case .kill(let id, let grace): await kill(id, grace: grace)
    case .message(let data):
      log.info("a message of \(data.count) bytes from the framework: ignored")
    case .shutdown: shutDown("shut down by the agent")
    case .ended(let reason): await lost(reason)
    }
  }

  /// The connection has ended for good: a failure, unless the agent knows all that there was to say.
  private func lost(_ reason: SessionEnd) async {
    if hasHadTasks, tasks.values.allSatisfy(\.isOver), await session.unacknowledgedCount == 0 {
      return log.info("\(reason): nothing is left to be told")
    }
    shutDown("\(reason)", isTold: false)
  }

  /// Forgets a task whose end is acknowledged: an executor may have any number of them.
  func forget(_ id: TaskID) {
    guard let task = tasks[id], task.isOver, task.isSettled else { return }
    tasks[id] = nil
  }

  /// Notes a task of the agent's.
  func add(_ task: RunningTask) {
    hasHadTasks = true
    tasks[task.info.taskID] = task
  }

  private func kill(_ id: TaskID, grace: Duration?) async {
    guard tasks[id]?.isOver == false else {
      return await session.report(.info, "a kill for a task that is not here is ignored: \(id)")
    }
    await kill(id, grace: grace, "killed by the framework")
  }

  /// Ends a task as the framework's KILL does, and its group with it.
  ///
  /// - Parameters:
  ///   - id: the task.
  ///   - grace: how long its pod may take to stop; nil for the task's own time.
  ///   - cause: why, for people.
  func kill(_ id: TaskID, grace: Duration?, _ cause: String) async {
    guard let task = tasks[id], !task.isOver else { return }
    await stop(id, EndRequest(grace: grace, message: cause))
    await stopGroup(of: task, "task \(id) of its group was \(cause)")
  }

  /// Ends what is left of a task's group: one that fails or is killed takes the others along.
  func stopGroup(of task: RunningTask, _ message: String) async {
    guard !isShuttingDown else { return }
    for id in task.group.sorted(by: { $0.value < $1.value }) where tasks[id]?.end == nil {
      if id != task.info.taskID { await stop(id, EndRequest(message: message)) }
    }
  }

  /// Ends a task, and says so the first time.
  private func stop(_ id: TaskID, _ request: EndRequest) async {
    guard let task = tasks[id], !task.isOver else { return }
    end(id, request)
    guard task.end == nil else { return }
    // The session passes it over for a framework that doesn't know the state.
    await tell(
      TaskUpdate(taskID: id, state: .killing, message: "the pod is being stopped"))
  }

  private func end(_ id: TaskID, _ request: EndRequest) {
    guard let task = tasks[id], !task.isOver else { return }
    tasks[id]?.end = request
    task.loading?.finish()
    // Before there is a pod, its making finds the request.
    guard let pod = task.pod else { return }
    Task {
      await pod.kill(grace: request.grace, cleanup: request.cleanup, message: request.message)
    }
  }

  /// Whether the executor has been told to go.
  var isShuttingDown: Bool { deadline != nil }

  // MARK: Waiting

  private var isAtEnd: Bool {
    if let deadline, .now >= deadline { return true }
    return tasks.values.allSatisfy(\.isOver) && (deadline != nil || hasHadTasks)
  }

  /// Waits until the agent has acknowledged every update.
  ///
  /// - Returns: whether it has, in the time that there is; nil once there is a new task, or less time than there was.
  private func awaitAcknowledgements() async -> Bool? {
    let known = deadline
    // An agent that is there needs its time to answer, also where none is given it to come back.
    let limit = known.map { $0 - .now } ?? max(mesos.recoveryTimeout, SessionLimits().registration)
    areAcknowledged = nil
    let waiting = Task {
      let all = await self.session.waitUntilAcknowledged(within: limit)
      if !Task.isCancelled { self.areAcknowledged = all }
      self.notifyWaiters()
    }
    await wait { $0.areAcknowledged != nil || $0.deadline != known || !$0.isAtEnd }
    waiting.cancel()
    await waiting.value
    return isAtEnd && deadline == known ? areAcknowledged : nil
  }

  private func wait(until condition: (isolated TaskSupervisor) -> Bool) async {
    while !condition(self) { await changes.waitUncanceled(after: changes.generation) }
  }

  /// Lets the waits look again.
  func notifyWaiters() { changes.notifyAll() }

  /// Notes that something was left behind.
  func noteUnclean() { isClean = false }
}

/// How the shutdown grace period is shared out.
struct ShutdownPlan: Equatable {
  /// How long pods may take to stop before SIGKILL.
  let grace: Duration
  /// How long removing may take after that.
  let cleanup: Duration
  /// When the process is gone, whether or not anything is acknowledged.
  let exit: Duration

  /// SIGKILL comes at the grace period minus the larger of 2 s and 40 %; the rest is for removing and for saying so.
  init(gracePeriod: Duration) {
    let rest = max(.seconds(2), gracePeriod * 0.4)
    grace = max(.zero, gracePeriod - rest)
    exit = max(.milliseconds(500), gracePeriod - .milliseconds(200))
    cleanup = max(.milliseconds(200), exit - grace - .milliseconds(500))
  }
}
