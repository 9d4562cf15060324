import Synchronization

/// The stop and restart of the agent, and the termination of its executors.
extension AgentStandIn {
  func executor(_ id: String, of run: String) -> ExecutorState? {
    state.withLock { $0.executors[id].flatMap { $0.run == run ? $0 : nil } }
  }

  /// Reduces the state to what remains after a SIGKILL: the checkpoints of frameworks that
  /// requested them.
  func forgetWhatIsNotCheckpointed(_ state: inout AgentState) {
    guard state.phase != .down else { return }
    state.phase = .down
    state.life += 1
    state.awaitsOnlyMissingExecutors = false
    for id in state.executors.keys.sorted() {
      guard var executor = state.executors[id] else { continue }
      executor.stream?.abandon()
      executor.stream = nil
      executor.heldAcknowledgements = []
      executor.pendingTermination = nil
      // Recovered executors start again, whatever their phase was (`Slave::recoverFramework`).
      executor.phase = .registering
      state.executors[id] = executor
      // The master's updates for tasks that the agent will no longer have: src/master/master.cpp,
      // `reconcileKnownSlave` and `disconnect`.
      let queued = executor.queued.flatMap(\.tasks)
      for task in queued.compactMap({ $0["task_id"]?.id }) {
        record(
          options.lost(or: "TASK_DROPPED"), of: task, from: id,
          message: "Reconciliation: Task is unknown to the agent", reason: "REASON_RECONCILIATION",
          source: "SOURCE_MASTER", &state)
      }
      for task in options.checkpoint ? [] : executor.launched.keys.sorted() {
        record(
          options.lost(or: "TASK_GONE"), of: task, from: id,
          message: "Agent localhost disconnected",
          reason: "REASON_AGENT_DISCONNECTED", source: "SOURCE_MASTER", &state)
      }
      state.executors[id]?.queued = []
      if !options.checkpoint {
        if let destroy = executor.destroy { state.orphans.append(destroy) }
        state.executors[id] = nil
      }
    }
  }

  /// Moves a restarted agent to the next phase of its recovery. For options without
  /// `advancesByItself`.
  package func advance() {
    let (phase, life) = state.withLock { ($0.phase, $0.life) }
    switch phase {
    case .routeless: routesAppear(life)
    case .recovering: reconnect(life)
    case .reconnecting: destroyUnregistered(life)
    default: break
    }
  }

  /// Runs `work` after `time`, unless ``advance()`` does it.
  func later(_ time: Duration, _ work: @escaping @Sendable () -> Void) {
    if options.advancesByItself { timers.after(time, work) }
  }

  /// `Slave::initialize` has added the routes, and recovery is in progress.
  func routesAppear(_ life: Int) {
    let moved = state.withLock { state in
      guard state.life == life, state.phase == .routeless else { return false }
      state.phase = .recovering
      return true
    }
    guard moved else { return }
    later(options.recoveryTime) { [weak self] in self?.reconnect(life) }
  }

  /// `Slave::_recover`: executors may subscribe. The agent now detects processes that exited
  /// meanwhile.
  private func reconnect(_ life: Int) {
    change { state, effects in
      guard state.life == life, state.phase == .recovering else { return }
      // Containers of frameworks without checkpoints are orphans
      // (src/slave/containerizer/mesos/containerizer.cpp, `recover`).
      effects += state.orphans
      state.orphans = []
      for id in state.unnoticedExits {
        if let destroy = state.executors[id]?.destroy { effects.append(destroy) }
      }
      state.unnoticedExits = []
      guard !state.executors.isEmpty else {
        state.phase = .running
        return
      }
      state.phase = .reconnecting
      later(min(.seconds(2), options.executorReregistrationTimeout)) { [weak self] in
        self?.awaitOnlyMissingExecutors(life)
      }
      later(options.executorReregistrationTimeout) { [weak self] in
        self?.destroyUnregistered(life)
      }
    }
  }

  /// Ends the recovery now, or as soon as every executor has subscribed or exited. A Mesos agent
  /// waits for its whole timeout.
  private func awaitOnlyMissingExecutors(_ life: Int) {
    state.withLock { state in
      guard state.life == life else { return }
      state.awaitsOnlyMissingExecutors = true
      endRecoveryIfComplete(&state)
    }
  }

  func endRecoveryIfComplete(_ state: inout AgentState) {
    guard state.phase == .reconnecting, state.awaitsOnlyMissingExecutors,
      !state.executors.values.contains(where: { $0.phase == .registering })
    else { return }
    state.phase = .running
  }

  /// `Slave::reregisterExecutorTimeout`, which also completes the recovery.
  private func destroyUnregistered(_ life: Int) {
    change { state, effects in
      guard state.life == life, state.phase == .reconnecting else { return }
      state.phase = .running
      for id in state.executors.keys.sorted() where state.executors[id]?.phase == .registering {
        terminate(
          id,
          ExecutorState.Termination(
            state: options.lost(or: "TASK_GONE"), reason: "REASON_EXECUTOR_REREGISTRATION_TIMEOUT",
            message: "Executor did not reregister within "
              + options.executorReregistrationTimeout.mesosText), &state, &effects)
      }
    }
  }

  /// `Slave::registerExecutorTimeout`
  func awaitSubscription(of id: String, run: String) {
    timers.after(options.executorRegistrationTimeout) { [weak self] in
      guard let self else { return }
      change { state, effects in
        guard let executor = state.executors[id], executor.run == run,
          executor.phase == .registering
        else { return }
        terminate(
          id,
          ExecutorState.Termination(
            state: "TASK_FAILED", reason: "REASON_EXECUTOR_REGISTRATION_TIMEOUT",
            message: "Executor did not register within "
              + options.executorRegistrationTimeout.mesosText), &state, &effects)
      }
    }
  }

  private func terminate(
    _ id: String, _ termination: ExecutorState.Termination, _ state: inout AgentState,
    _ effects: inout [@Sendable () -> Void]
  ) {
    state.executors[id]?.phase = .terminating
    state.executors[id]?.pendingTermination = termination
    if let destroy = state.executors[id]?.destroy {
      effects.append(destroy)
    } else if let run = state.executors[id]?.run {
      // The test plays the executor, so there is no process to wait for.
      effects.append { [weak self] in self?.executorTerminated(id, run: run, limitation: nil) }
    }
  }

  /// Handles the exit of the executor's process. The containerizer, if there is one, destroys the
  /// rest of the container (src/slave/containerizer/mesos/containerizer.cpp, `reaped`).
  func processEnded(_ id: String, run: String) {
    change { state, effects in
      guard let executor = state.executors[id], executor.run == run else { return }
      switch state.phase {
      case .down, .routeless, .recovering: state.unnoticedExits.insert(id)
      case .reconnecting, .running: if let destroy = executor.destroy { effects.append(destroy) }
      }
    }
  }

  /// Reports that an executor that the test plays has exited.
  package func executorEnded(_ id: String) {
    guard let run = state.withLock({ $0.executors[id]?.run }) else { return }
    executorTerminated(id, run: run, limitation: nil)
  }

  /// `Slave::executorTerminated`: live tasks fail, and the executor is removed.
  func executorTerminated(_ id: String, run: String, limitation: String?) {
    state.withLock { state in
      guard let executor = state.executors[id], executor.run == run else { return }
      executor.stream?.close()
      if !state.frameworkIsTerminating {
        let tasks =
          executor.launched.keys.sorted()
          + executor.queued.flatMap(\.tasks).compactMap { $0["task_id"]?.id }
        let pending = executor.pendingTermination
        for task in tasks {
          // `Slave::sendExecutorTerminatedStatusUpdate`: the containerizer's reason precedes the
          // agent's.
          record(
            limitation == nil ? pending?.state ?? "TASK_FAILED" : "TASK_FAILED", of: task, from: id,
            message: [pending?.message, limitation].compactMap(\.self).joined(separator: "; ")
              .ifEmpty("Executor terminated"),
            reason: limitation == nil
              ? pending?.reason ?? "REASON_EXECUTOR_TERMINATED"
              : "REASON_CONTAINER_LIMITATION_MEMORY", &state)
        }
      }
      state.executors[id] = nil
      endRecoveryIfComplete(&state)
    }
  }
}

extension String {
  fileprivate func ifEmpty(_ other: String) -> String { isEmpty ? other : self }
}

extension Duration {
  /// The notation of stout: the largest unit that gives a whole number, otherwise a fraction
  /// (3rdparty/stout/include/stout/duration.hpp, `operator<<`).
  var mesosText: String {
    let count = nanoseconds
    func text(_ unit: Int64, _ name: String) -> String {
      count % unit == 0
        ? "\(count / unit)\(name)" : "\(Double(count) / Double(unit))\(name)"
    }
    let ladder: [(Int64, String)] = [
      (1, "ns"), (1_000, "us"), (1_000_000, "ms"), (1_000_000_000, "secs"),
      (60_000_000_000, "mins"), (3_600_000_000_000, "hrs"), (86_400_000_000_000, "days"),
      (604_800_000_000_000, "weeks"),
    ]
    let step = ladder.lastIndex { count >= $0.0 } ?? 0
    // The next smaller unit, if only that one gives a whole number.
    let finer = max(step - 1, 0)
    let useFiner = count % ladder[step].0 != 0 && count % ladder[finer].0 == 0
    let chosen = ladder[useFiner ? finer : step]
    return text(chosen.0, chosen.1)
  }
}
