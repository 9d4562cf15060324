import Synchronization

/// Subscriptions, as in src/slave/slave.cpp, `Slave::subscribe`.
extension AgentStandIn {
  func subscribe(
    _ id: String, _ subscribe: JSON, _ stream: EventStream, _ state: inout AgentState,
    _ effects: inout [@Sendable () -> Void]
  ) {
    guard var executor = state.executors[id] else { return }
    // A terminating framework or executor gets another SHUTDOWN. The rest of the call is ignored.
    if state.frameworkIsTerminating || executor.phase == .terminating
      || executor.phase == .terminated
    {
      stream.send(["type": "SHUTDOWN"])
      stream.close()
      return
    }
    checkRepeated(id, subscribe, executor, &state)
    // Closes the earlier connection, even if the same executor subscribes again.
    executor.stream?.close()
    executor.phase = .running
    executor.stream = stream
    // Drops acknowledgements that were withheld on the earlier connection: the executor has just
    // repeated those updates.
    executor.heldAcknowledgements = []
    state.executors[id] = executor
    endRecoveryIfComplete(&state)
    beat(id, stream)

    let updates = subscribe["unacknowledged_updates"]?.array ?? []
    var acknowledgements: [(UpdateID, String)] = []
    for status in updates.compactMap({ $0["status"] }) {
      // No validation here: the agent only ignores an update without a uuid
      // (`Slave::statusUpdate`).
      guard let uuid = status["uuid"]?.string.flatMap(UpdateID.init(base64:)) else {
        state.journal.violate(
          "an unacknowledged update without a uuid",
          rule: "src/slave/slave.cpp, Slave::statusUpdate")
        continue
      }
      if receive(status, from: id, &state, acknowledging: false) {
        acknowledgements.append((uuid, status["task_id"]?.id ?? ""))
      }
    }
    let everSentTask = state.executors[id]?.everSentTask == true
    dropUndelivered(id, subscribe, &state)

    guard let executor = state.executors[id] else { return }
    // MESOS-8411: the agent shuts down an executor that has no task.
    if !everSentTask, executor.queued.isEmpty {
      beginShutdown(id, &state, &effects)
      return
    }
    executor.send(subscribed(executor), &state.journal)
    sendQueued(id, &state)
    for (uuid, task) in acknowledgements { acknowledge(uuid, of: task, to: id, &state) }
  }

  /// Creates the SUBSCRIBED event, with the agent's misbehavior.
  private func subscribed(_ executor: ExecutorState) -> JSON {
    var fields: [String: JSON] = [
      "executor_info": executor.info, "framework_info": options.frameworkInfo,
      "agent_info": options.agentInfo(port: port),
      "container_id": .id(options.subscribedRun ?? executor.run),
    ]
    for behavior in faults.use({ $0.faults.behaviors }) {
      switch behavior {
      case .subscribedRun(let run): fields["container_id"] = .id(run)
      case .subscribedWithout(let field): fields[field] = nil
      case .latin1Label:
        fields["executor_info"]?["labels"] = ["labels": [["key": "caf\u{e9}", "value": "x"]]]
      default: break
      }
    }
    return ["type": "SUBSCRIBED", "subscribed": .object(fields)]
  }

  /// `Slave::___run`: sends queued tasks to the executor, first the single tasks, then the groups.
  func sendQueued(_ id: String, _ state: inout AgentState) {
    guard var executor = state.executors[id], executor.phase == .running else { return }
    let isUnreadable = faults.use { $0.faults.behaviors.contains(.unreadableTask) }
    for var queued in executor.queued.filter({ !$0.isGroup }) + executor.queued.filter(\.isGroup) {
      if isUnreadable {
        let tasks = queued.tasks.map { task in
          var task = task
          task["discovery"] = 7
          return task
        }
        queued = ExecutorState.Queued(tasks: tasks, isGroup: queued.isGroup)
      }
      for task in queued.tasks {
        executor.launched[task["task_id"]?.id ?? ""] = ExecutorState.Launched(info: task)
      }
      let event: JSON =
        queued.isGroup
        ? [
          "type": "LAUNCH_GROUP", "launch_group": ["task_group": ["tasks": .array(queued.tasks)]],
        ]
        : ["type": "LAUNCH", "launch": ["task": queued.tasks[0]]]
      executor.send(event, &state.journal)
    }
    executor.queued = []
    state.executors[id] = executor
  }

  /// Drops tasks in TASK_STAGING that the executor doesn't list. They were never delivered.
  private func dropUndelivered(_ id: String, _ subscribe: JSON, _ state: inout AgentState) {
    let known = Set(
      (subscribe["unacknowledged_tasks"]?.array ?? []).compactMap { $0["task_id"]?.id })
    let lost = (state.executors[id]?.launched ?? [:])
      .filter { $0.value.state == "TASK_STAGING" && !known.contains($0.key) }
    for task in lost.keys.sorted() {
      record(
        options.lost(or: "TASK_DROPPED"), of: task, from: id,
        message: "Task launched during agent restart", reason: "REASON_AGENT_RESTARTED", &state)
    }
  }

  /// docs/executor-http-api.md, SUBSCRIBE: the call must contain all updates and tasks without an
  /// acknowledgement.
  private func checkRepeated(
    _ id: String, _ subscribe: JSON, _ executor: ExecutorState, _ state: inout AgentState
  ) {
    let rule = "docs/executor-http-api.md, SUBSCRIBE"
    let repeated = Set(
      (subscribe["unacknowledged_updates"]?.array ?? []).compactMap {
        $0["status"]?["uuid"]?.string
      })
    let tasks = Set(
      (subscribe["unacknowledged_tasks"]?.array ?? []).compactMap { $0["task_id"]?.id })
    let updates = state.journal.updates.filter {
      $0.source == "SOURCE_EXECUTOR" && executor.has($0.taskID)
    }
    for update in updates where !update.isAcknowledged && !repeated.contains(update.uuid.base64) {
      state.journal.violate(
        "SUBSCRIBE without the unacknowledged update \(update.state) of \(update.taskID)",
        rule: rule)
    }
    for task in Set(updates.map(\.taskID)).sorted() {
      let isAcknowledged = updates.contains { $0.taskID == task && $0.isAcknowledged }
      if !isAcknowledged, !tasks.contains(task) {
        state.journal.violate("SUBSCRIBE without the unacknowledged task \(task)", rule: rule)
      }
    }
  }

  /// `ResponseHeartbeater` (src/common/heartbeater.hpp): sends one event per interval while the
  /// stream is open.
  private func beat(_ id: String, _ stream: EventStream) {
    guard options.version >= MesosVersion(1, 8) else { return }
    timers.after(options.heartbeatInterval) { [weak self] in
      guard stream.send(["type": "HEARTBEAT"]) else { return }
      self?.state.withLock { $0.journal.events.append(["type": "HEARTBEAT"]) }
      self?.beat(id, stream)
    }
  }
}
