import Concurrency
import DockerEngine
import HTTPClient
import Logging
import MesosExecutor
import PodControl
import PodRuntime

/// Runs the agent's tasks, each as a pod, and reports their states.
actor TaskSupervisor {
  let session: MesosSession
  let mesos: MesosEnvironment
  let settings: Settings
  let engine: DockerEngine
  let output: PodOutput
  let log: Logger
  let http = HTTPClient()
  /// The slice that the tasks of one run share.
  let slices: SliceKeeper

  var tasks: [TaskID: RunningTask] = [:]
  var run: String
  /// The server for operators on the host; nil without tasks.
  var control: ControlServer?
  /// The last pod that ended while other pods used the run's cgroup. It can still remove the
  /// cgroup.
  var cgroupHeir: Pod?
  /// Why no pod can be launched; nil where pods can be launched.
  var refusal: String?
  /// The time at which this process must exit.
  private var deadline: ContinuousClock.Instant?
  /// Whether nothing is left behind and the agent has acknowledged every update.
  private var isClean = true
  /// Whether there has been a task, even a malformed one.
  private var hasHadTasks = false
  /// Whether the agent or a signal has requested the shutdown.
  private var isSignaled = false
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

  /// The result of the executor.
  struct Ending: Sendable {
    /// Whether nothing is left behind and the agent has acknowledged every update.
    let isClean: Bool
    /// The exit code: 0 for a clean result, and for a requested shutdown without enough time.
    let code: Int32
  }

  /// Works until the terminal update of the last task is acknowledged, or until the deadline of a
  /// shutdown.
  func work() async -> Ending {
    let connection = Task { await self.session.run() }
    let events = Task { for await event in self.session.events { await self.handle(event) } }
    defer {
      connection.cancel()
      events.cancel()
    }
    while true {
      await wait { $0.isAtEnd }
      let isNotified = isShuttingDown
      switch await awaitAcknowledgements() {
      case nil: continue
      case true?: break
      case false?:
        log.warning("the agent has not acknowledged every update")
        // During a shutdown, the agent may never send an acknowledgement.
        if !isNotified { isClean = false }
      }
      break
    }
    let left = tasks.values.filter { !$0.isOver }.map(\.info.taskID.value).sorted()
    if !left.isEmpty {
      isClean = false
      log.error(
        "no time left: pod-reaper removes the rest of task \(left.joined(separator: ", "))")
    }
    return Ending(isClean: isClean, code: isClean || isSignaled ? 0 : 1)
  }

  /// Stops every task, and sets the deadline for the exit within the shutdown grace period.
  ///
  /// - Parameters:
  ///   - message: the cause, for people.
  ///   - isSignaled: false if the cause is a failure. It has no effect after an earlier call.
  func shutDown(_ message: String, isSignaled: Bool = true) {
    guard deadline == nil else { return }
    self.isSignaled = isSignaled
    if !isSignaled { isClean = false }
    log.info("\(message): stopping \(tasks.values.count { !$0.isOver }) tasks")
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

  // MARK: Events from the agent

  private func handle(_ event: SessionEvent) async {
    switch event {
    case .subscribed(let subscription, let isFirst):
      if let problem = subscription.problemOfRun {
        log.warning("the agent's container_id \(problem): the run of the sandbox's path is used")
      } else if let run = subscription.run?.value {
        self.run = run
      }
      if run.isEmpty {
        let message = "neither the agent's container_id nor the sandbox's path contains a run"
        log.error("\(message)")
        isClean = false
        // The next tasks fail with this message, and no objects are created for them.
        refusal = message
        return
      }
      refusal = nil
      log.info("\(isFirst ? "subscribed" : "subscribed again") with the agent, run \(run)")
    case .refused:
      hasHadTasks = true
      notifyWaiters()
    case .acknowledged(let id):
      tasks[id]?.isAcknowledged = true
      forget(id)
    case .launch(let task): await launch([task], asGroup: false)
    case .launchGroup(let tasks): await launch(tasks, asGroup: true)
    case .kill(let id, let grace): await kill(id, grace: grace)
    case .message(let data):
      log.info("ignored a message of \(data.count) bytes from the framework")
    case .shutdown: shutDown("shut down by the agent")
    case .ended(let reason): await lost(reason)
    }
  }

  /// Handles the end of the session: a failure, unless every update has been acknowledged.
  private func lost(_ reason: SessionEnd) async {
    if hasHadTasks, tasks.values.allSatisfy(\.isOver), await session.unacknowledgedCount == 0 {
      return log.info("\(reason): every task is complete")
    }
    shutDown("\(reason)", isSignaled: false)
  }

  /// Removes a task whose terminal update is acknowledged, because an executor can run any number
  /// of tasks.
  func forget(_ id: TaskID) {
    guard let task = tasks[id], task.isOver, task.isAcknowledged else { return }
    tasks[id] = nil
  }

  /// Records a task of the agent.
  func add(_ task: RunningTask) {
    hasHadTasks = true
    tasks[task.info.taskID] = task
  }

  private func kill(_ id: TaskID, grace: Duration?) async {
    guard tasks[id]?.isOver == false else {
      return await session.report(.info, "ignored a kill of an unknown task: \(id)")
    }
    await kill(id, grace: grace, "killed by the framework")
  }

  /// Kills a task and its group, like the framework's KILL.
  ///
  /// - Parameters:
  ///   - id: the task's ID.
  ///   - grace: the time that its pod has to stop; nil for the task's own time.
  ///   - cause: the cause, for people.
  func kill(_ id: TaskID, grace: Duration?, _ cause: String) async {
    guard let task = tasks[id], !task.isOver else { return }
    await stop(id, EndRequest(grace: grace, message: cause))
    await stopGroup(of: task, "task \(id) of its group was \(cause)")
  }

  /// Stops the rest of a task's group after one of its tasks failed or was killed.
  func stopGroup(of task: RunningTask, _ message: String) async {
    guard !isShuttingDown else { return }
    for id in task.group.sorted(by: { $0.value < $1.value }) where tasks[id]?.end == nil {
      if id != task.info.taskID { await stop(id, EndRequest(message: message)) }
    }
  }

  /// Stops a task, and sends TASK_KILLING the first time.
  private func stop(_ id: TaskID, _ request: EndRequest) async {
    guard let task = tasks[id], !task.isOver else { return }
    end(id, request)
    guard task.end == nil else { return }
    // The session drops this update for a framework that does not support the state.
    await send(
      TaskUpdate(taskID: id, state: .killing, message: "the pod is being stopped"))
  }

  private func end(_ id: TaskID, _ request: EndRequest) {
    guard let task = tasks[id], !task.isOver else { return }
    tasks[id]?.end = request
    task.loading?.finish()
    // Without a pod, the launch checks the request itself.
    guard let pod = task.pod else { return }
    Task {
      await pod.kill(grace: request.grace, cleanup: request.cleanup, message: request.message)
    }
  }

  /// Whether the executor is shutting down.
  var isShuttingDown: Bool { deadline != nil }

  // MARK: Waiting

  private var isAtEnd: Bool {
    if let deadline, .now >= deadline { return true }
    return tasks.values.allSatisfy(\.isOver) && (deadline != nil || hasHadTasks)
  }

  /// Waits until the agent has acknowledged every update.
  ///
  /// - Returns: whether it has done so in time; nil once there is a new task or an earlier
  ///   deadline.
  private func awaitAcknowledgements() async -> Bool? {
    let known = deadline
    // A reachable agent needs time to respond, even if the recovery timeout is zero.
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

  /// Wakes the waiters, which then test their conditions again.
  func notifyWaiters() { changes.notifyAll() }

  /// Records that something was left behind.
  func recordUnclean() { isClean = false }
}

/// The division of the shutdown grace period.
struct ShutdownPlan: Equatable {
  /// The time that pods have to stop before SIGKILL.
  let grace: Duration
  /// The time limit for removal after that.
  let cleanup: Duration
  /// The time at which the process exits, even without acknowledgements.
  let exit: Duration

  /// SIGKILL is sent at the grace period minus the larger of 2 s and 40 %. The rest is for removal
  /// and the last updates.
  init(gracePeriod: Duration) {
    let rest = max(.seconds(2), gracePeriod * 0.4)
    grace = max(.zero, gracePeriod - rest)
    exit = max(.milliseconds(500), gracePeriod - .milliseconds(200))
    cleanup = max(.milliseconds(200), exit - grace - .milliseconds(500))
  }
}
