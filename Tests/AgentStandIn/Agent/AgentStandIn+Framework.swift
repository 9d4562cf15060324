import Foundation
import Synchronization

/// The requests of a framework or of an operator to the agent.
extension AgentStandIn {
  /// Registers an executor as if its process had been started. The test plays the executor.
  ///
  /// - Parameters:
  ///   - info: The ExecutorInfo. Only `executor_id` is required.
  ///   - run: The container ID.
  /// - Returns: The container ID.
  @discardableResult
  package func addExecutor(_ info: JSON, run: String = UUID().uuidString.lowercased()) -> String {
    var info = info
    info["framework_id"] = .id(options.frameworkID)
    add(ExecutorState(info: info, run: run))
    return run
  }

  func add(_ executor: ExecutorState) {
    let id = executor.info["executor_id"]?.id ?? ""
    state.withLock { $0.executors[id] = executor }
    awaitSubscription(of: id, run: executor.run)
  }

  /// Sends a task to an executor, or queues it until the executor has subscribed (`Slave::_run`).
  ///
  /// - Parameters:
  ///   - task: The TaskInfo.
  ///   - id: The executor. Default: the executor in the TaskInfo.
  package func send(_ task: JSON, to id: String? = nil) {
    enqueue(ExecutorState.Queued(tasks: [task], isGroup: false), id)
  }

  /// Sends a group of tasks, of which all or none run (LAUNCH_GROUP).
  package func send(group tasks: [JSON], to id: String) {
    enqueue(ExecutorState.Queued(tasks: tasks, isGroup: true), id)
  }

  private func enqueue(_ queued: ExecutorState.Queued, _ id: String?) {
    state.withLock { state in
      let id = id ?? queued.tasks[0]["executor"]?["executor_id"]?.id ?? ""
      let phase = state.executors[id]?.phase
      guard phase == .registering || phase == .running else {
        for task in queued.tasks {
          record(
            options.lost(or: "TASK_DROPPED"), of: task["task_id"]?.id ?? "", from: nil,
            message: phase == nil ? "Executor terminated" : "Executor terminating",
            reason: "REASON_EXECUTOR_TERMINATED", &state)
        }
        return
      }
      state.executors[id]?.queued.append(queued)
      updateLimits(of: id, &state)
      sendQueued(id, &state)
    }
  }

  /// Kills a task (`Slave::killTask`, `Slave::kill`).
  ///
  /// - Parameters:
  ///   - task: The task's ID.
  ///   - grace: The grace period of the kill policy. Nil for no policy.
  package func kill(_ task: String, grace: Duration? = nil) {
    state.withLock { state in
      // A recovering agent ignores kills. A terminating framework can't acknowledge any update.
      guard state.phase == .running, !state.frameworkIsTerminating else { return }
      guard let id = state.executor(having: task), let executor = state.executors[id] else {
        record(
          options.lost(or: "TASK_DROPPED"), of: task, from: nil, message: "Cannot find executor",
          reason: "REASON_EXECUTOR_TERMINATED", &state)
        return
      }
      guard executor.phase == .registering || executor.phase == .running else { return }
      if let queued = executor.queued.first(where: { $0.has(task) }) {
        for task in queued.tasks {
          record(
            "TASK_KILLED", of: task["task_id"]?.id ?? "", from: id,
            message: "Killed before delivery to the executor",
            reason: "REASON_TASK_KILLED_DURING_LAUNCH", &state)
        }
        state.executors[id]?.queued.removeAll { $0.has(task) }
        return
      }
      var kill: JSON = ["task_id": .id(task)]
      if let grace {
        kill["kill_policy"] = ["grace_period": ["nanoseconds": .integer(grace.nanoseconds)]]
      }
      if faults.use({ $0.faults.behaviors.contains(.unreadableKillPolicy) }) {
        kill["kill_policy"] = ["grace_period": "soon"]
      }
      executor.send(["type": "KILL", "kill": kill], &state.journal)
    }
  }

  /// Shuts down one executor. The agent still handles and acknowledges its updates
  /// (`Slave::shutdownExecutor`).
  package func shutdown(executor id: String) {
    change { state, effects in
      guard state.phase == .running, !state.frameworkIsTerminating else { return }
      beginShutdown(id, &state, &effects)
    }
  }

  /// Shuts down the framework with all its executors. The agent no longer handles or acknowledges
  /// updates (`Slave::shutdownFramework`).
  package func shutdownFramework() {
    change { state, effects in
      guard state.phase == .running, !state.frameworkIsTerminating else { return }
      state.frameworkIsTerminating = true
      for id in state.executors.keys.sorted() { beginShutdown(id, &state, &effects) }
    }
  }

  /// `Slave::_shutdownExecutor`: sends SHUTDOWN, and destroys the container after the grace period.
  /// A stall of the machine must not kill an executor that keeps its time: unless the period is 0,
  /// the stand-in waits a minute longer.
  func beginShutdown(
    _ id: String, _ state: inout AgentState, _ effects: inout [@Sendable () -> Void]
  ) {
    guard var executor = state.executors[id],
      executor.phase == .registering || executor.phase == .running
    else { return }
    executor.phase = .terminating
    executor.send(["type": "SHUTDOWN"], &state.journal)
    state.executors[id] = executor
    let own = executor.info["shutdown_grace_period"]?["nanoseconds"]?.integer
    let run = executor.run
    let grace: Duration =
      own.map { .nanoseconds($0) } ?? options.executorShutdownGracePeriod
    timers.after(grace == .zero ? .zero : grace + .seconds(60)) { [weak self] in
      guard let executor = self?.executor(id, of: run) else { return }
      if executor.phase == .terminating { executor.destroy?() }
    }
  }

  /// Sends a framework message. It is lost if no executor is connected.
  package func send(message: [UInt8], to id: String) {
    let data = Data(message).base64EncodedString()
    send(event: ["type": "MESSAGE", "message": ["data": .string(data)]], to: id)
  }

  /// Sends any event, for example one of an unknown type. With `cut`, the connection breaks in the
  /// middle of its record.
  package func send(event: JSON, to id: String, cut: Bool = false) {
    state.withLock { state in
      guard state.executors[id]?.stream?.send(event, cut: cut) == true, !cut else { return }
      state.journal.events.append(event)
    }
  }

  /// Breaks the event stream of an executor, as a network failure does.
  package func breakStream(of id: String) {
    state.withLock { $0.executors[id]?.stream?.abandon() }
  }
}

extension Duration {
  var nanoseconds: Int64 {
    components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
  }
}
