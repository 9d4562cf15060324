import Compose
import Dispatch
import Logging
import MesosExecutor
import PodIdentity
import PodRuntime
import Program
import YAML

extension TaskSupervisor {
  /// Starts tasks: sends TASK_STARTING for all of them, then launches their pods.
  ///
  /// - Parameters:
  ///   - infos: the tasks.
  ///   - asGroup: whether a failure or kill of one also stops the others.
  func launch(_ infos: [TaskInfo], asGroup: Bool) async {
    let group = asGroup ? Set(infos.map(\.taskID)) : []
    for info in infos {
      let id = info.taskID
      add(RunningTask(info: info, group: group))
      // During a shutdown there is no time to launch a pod and stop it again.
      if isShuttingDown { tasks[id]?.end = EndRequest(message: "the executor is being shut down") }
    }
    openControl()
    // All tasks are reported as starting before one can fail and stop the others.
    for info in infos {
      await send(
        TaskUpdate(taskID: info.taskID, state: .starting, message: "the pod is being created"))
    }
    for info in infos { tasks[info.taskID]?.work = Task { await self.live(info) } }
  }

  /// Runs one task until its terminal update.
  private func live(_ info: TaskInfo) async {
    var outcome = await outcome(of: info)
    let id = info.taskID
    // A pod that failed before its plan was made hasn't removed the cgroup that it took over.
    let hasPlan = await tasks[id]?.pod?.hasPlan == true
    if !hasPlan, endsLast(id, mayRemoveCgroup: false), let heir = cgroupHeir {
      let left = await heir.removeCgroup(within: .seconds(5)) {
        await self.endsLast(id, mayRemoveCgroup: false)
      }
      outcome.leftovers += left
    }
    if outcome.state != .finished, let task = tasks[id] {
      await stopGroup(of: task, "task \(id) of its group is \(outcome.taskState.rawValue)")
    }
    for monitor in tasks[id]?.monitors ?? [] { monitor.cancel() }
    var update = TaskUpdate(taskID: id, state: outcome.taskState, message: outcome.line)
    switch outcome.reason {
    case .memoryLimit: update.reason = .containerLimitationMemory
    case .diskLimit: update.reason = .containerLimitationDisk
    case nil: break
    }
    if tasks[id]?.isHopeless == true { update.isHealthy = false }
    if !outcome.leftovers.isEmpty {
      recordUnclean()
      log.error("task \(id): not removed: \(outcome.leftovers.joined(separator: ", "))")
    }
    log.info("task \(id): \(update.state.rawValue) \(outcome.line)")
    await send(update)
    tasks[id]?.isOver = true
    tasks[id]?.pod = nil
    forget(id)
    closeControl()
    notifyWaiters()
  }

  /// Sends an update, unless its state can't follow the last one that was sent. A terminal update
  /// is always sent.
  func send(_ update: TaskUpdate) async {
    let allowed = TaskStateMachine.next(after: tasks[update.taskID]?.state)
    guard allowed.contains(update.state) || update.state.isTerminal else { return }
    tasks[update.taskID]?.state = update.state
    await session.send(update)
  }

  private func outcome(of info: TaskInfo) async -> PodOutcome {
    let id = info.taskID
    if let refusal { return PodOutcome(state: .failed, message: refusal) }
    let loaded = await load(info)
    if let end = tasks[id]?.end { return await endWithoutPod(info, .killed, end.message) }
    var request: PodRequest
    switch loaded {
    case .success(let loaded): request = loaded
    case .failure(let error):
      for warning in (error as? DiagnosticError)?.warnings ?? [] {
        log.warning("\(warning.position): \(warning.value)")
      }
      return await endWithoutPod(info, .failed, "\(error)")
    case nil: return await endWithoutPod(info, .killed, "the task was killed")
    }
    if let host = await session.subscription?.agent?.hostname, !host.isEmpty {
      request.hostName = host
    }
    if let framework = await session.subscription?.framework {
      request.owner.user = framework.user
      request.owner.principal = framework.principal
      if !framework.roles.isEmpty { request.owner.roles = framework.roles }
    }
    let pod = Pod(
      request: request, engine: engine, output: output, environment: settings.environment, log: log,
      slices: slices, ownsCgroup: { await self.endsLast(id) },
      report: { update in
        if case .running(let addresses) = update { await self.isUp(id, addresses) }
      })
    tasks[id]?.pod = pod
    let prefix = tasks.count > 1 ? "task \(id): " : ""
    let reporter = LaunchReporter(pod, to: .log, log: log, prefix: prefix)
    let reporting = Task { await reporter.follow() }
    defer { reporting.cancel() }
    let figures = FigureReporter(pod, task: id.value, lease: lease)
    let measuring = Task { await figures.follow() }
    let outcome = await pod.run()
    await reporting.value
    await measuring.value
    return outcome
  }

  /// The outcome of a task that never had a pod. Its report is written.
  private func endWithoutPod(
    _ info: TaskInfo, _ state: PodOutcome.State, _ message: String
  ) async -> PodOutcome {
    let identity = PodIdentity(
      frameworkID: mesos.frameworkID.value, executorID: mesos.executorID.value,
      taskID: info.taskID.value, run: run, agentID: info.agentID.value, incarnation: .current(),
      host: .current(), cgroupParent: "")
    await ReportWriting(sandbox: mesos.directory, isTask: true, log: log)
      .write(
        identity, program: Version.text, state: state == .killed ? "killed" : "failed",
        message: Printable.line(message))
    lease.report(
      LeaseFigures(task: info.taskID.value, outcome: LeaseFigures.Outcome(rawValue: "\(state)")))
    return PodOutcome(state: state, message: message)
  }

  /// Loads a task's Compose files on another thread, because large files take time and a kill must
  /// take effect immediately.
  ///
  /// - Returns: nil where the task must end in the meantime.
  private func load(_ info: TaskInfo) async -> Result<PodRequest, any Error>? {
    let (results, sink) = AsyncStream<Result<PodRequest, any Error>>.makeStream()
    tasks[info.taskID]?.loading = sink
    defer { tasks[info.taskID]?.loading = nil }
    if tasks[info.taskID]?.end != nil { return nil }
    let pod = PodRequestBuilder(task: info, mesos: mesos, run: run, settings: settings)
    DispatchQueue.global().async {
      sink.yield(Result { try pod.request() })
      sink.finish()
    }
    for await result in results { return result }
    return nil
  }

  /// Records that a task's pod ends; true if it is the last one, which removes the run's cgroup. A
  /// task that is launched during the removal stops it.
  ///
  /// - Parameters:
  ///   - id: the task.
  ///   - mayRemoveCgroup: whether its pod can remove the cgroup later, for which it needs a plan.
  /// - Returns: whether all other tasks are over or end as well.
  private func endsLast(_ id: TaskID, mayRemoveCgroup: Bool = true) -> Bool {
    tasks[id]?.isEnding = true
    let isLast = tasks.values.allSatisfy { $0.isOver || $0.isEnding }
    if !isLast, mayRemoveCgroup, let pod = tasks[id]?.pod { cgroupHeir = pod }
    return isLast
  }

  // MARK: While it runs

  private func isUp(_ id: TaskID, _ addresses: PodAddresses) async {
    // A task whose stop was requested must not report TASK_RUNNING any more.
    guard let task = tasks[id], task.end == nil else { return }
    tasks[id]?.networks = addresses.networks
    await sendRunning(id, "every service is up")
    guard tasks[id]?.isOver == false else { return }
    var probe = HealthProbe(
      http: http, sandbox: mesos.directory, environment: settings.environment)
    if let pod = task.pod {
      probe.location = { await pod.location(ofPort: $0, isIPv6: $1) }
      if await !pod.checksInSandbox { probe.runInContainer = { await pod.run($0, within: $1) } }
    }
    let monitor = HealthMonitor(
      probe: probe,
      presence: { try await self.session.waitUntilSubscribed() },
      current: { await self.session.currentSubscription })
    if let check = task.info.healthCheck {
      tasks[id]?.monitors.append(
        Task { await monitor.watch(check) { await self.handle($0, of: id) } })
    }
    if let check = task.info.check {
      tasks[id]?.monitors.append(
        Task {
          await monitor.watch(check) { status in
            await self.handle(status, of: id)
          }
        })
    }
  }

  private func handle(_ finding: HealthMonitor.Finding, of id: TaskID) async {
    guard let task = tasks[id], !task.isOver, task.end == nil else { return }
    switch finding {
    case .changed(let isHealthy, let message):
      tasks[id]?.isHealthy = isHealthy
      await sendRunning(id, message, reason: .taskHealthCheckStatusUpdated)
    case .hopeless(let message):
      tasks[id]?.isHopeless = true
      if task.isHealthy != false {
        tasks[id]?.isHealthy = false
        await sendRunning(id, message, reason: .taskHealthCheckStatusUpdated)
      }
      await task.pod?.giveUp("the task's health check failed: \(message)")
    }
  }

  private func handle(_ status: CheckStatus, of id: TaskID) async {
    guard let task = tasks[id], !task.isOver, task.end == nil else { return }
    tasks[id]?.check = status
    await sendRunning(
      id, "the task's check has a new result", reason: .taskCheckStatusUpdated)
  }

  private func sendRunning(_ id: TaskID, _ message: String, reason: TaskReason? = nil) async {
    guard let task = tasks[id] else { return }
    await send(
      TaskUpdate(
        taskID: id, state: .running, message: message, reason: reason, isHealthy: task.isHealthy,
        networks: task.networks, check: task.check))
  }
}

extension PodOutcome {
  /// The state that is sent to Mesos.
  var taskState: TaskState {
    switch state {
    case .finished: .finished
    case .failed: .failed
    case .killed: .killed
    }
  }

  /// The message on one line, with the objects that could not be removed.
  var line: String {
    let left = leftovers.isEmpty ? "" : "; not removed: " + leftovers.joined(separator: ", ")
    return Printable.line(message + left)
  }
}
