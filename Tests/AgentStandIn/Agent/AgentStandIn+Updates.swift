import Synchronization

/// Status updates, as in src/slave/slave.cpp from `Slave::statusUpdate` to
/// `Slave::___statusUpdate`.
extension AgentStandIn {
  private static let statusUpdate = "src/slave/slave.cpp, Slave::statusUpdate"

  /// Handles an executor's update. Returns whether the agent may acknowledge it. With
  /// `acknowledging`, acknowledges it at once.
  @discardableResult
  func receive(
    _ status: JSON, from id: String, _ state: inout AgentState, acknowledging: Bool = true
  ) -> Bool {
    guard let uuid = status["uuid"]?.string.flatMap(UpdateID.init(base64:)) else { return false }
    let update = TaskUpdate(status, uuid: uuid)
    // The agent ignores updates with another agent's ID or of a terminating framework.
    if let agent = status["agent_id"]?.id, agent != options.agentID {
      state.journal.violate(
        "\(update) for agent \(agent); it is ignored", rule: Self.statusUpdate)
      return false
    }
    if state.frameworkIsTerminating { return false }

    if let earlier = state.journal.updates.first(where: { $0.uuid == uuid }) {
      if !earlier.means(update) {
        state.journal.violate(
          "the uuid of “\(earlier)” used again for “\(update)”",
          rule: "src/slave/task_status_update_manager.cpp, TaskStatusUpdateStream::update")
      }
    } else {
      check(update, &state)
      guard take(update, from: id, &state) else { return false }
    }
    // `___statusUpdate` looks up the executor by the task, and finds none if the task is unknown or
    // completed.
    guard state.executor(having: update.taskID) == id else { return false }
    if acknowledging { acknowledge(uuid, of: update.taskID, to: id, &state) }
    return true
  }

  /// `Executor::updateTaskState`.
  ///
  /// - Returns: Whether the agent may acknowledge the update.
  private func take(_ update: TaskUpdate, from id: String, _ state: inout AgentState) -> Bool {
    let rule = "src/slave/slave.cpp, Executor::updateTaskState"
    guard var executor = state.executors[id] else { return false }
    let task = update.taskID
    if let final = executor.terminated[task] {
      state.journal.violate("\(update): Task is already terminated with state \(final)", rule: rule)
    } else if executor.isQueued(task) {
      state.journal.violate("\(update) for a task not sent yet", rule: rule)
    } else if executor.launched[task] != nil {
      state.journal.updates.append(update)
      executor.hasToldOfTask = true
      if update.isTerminal {
        executor.launched[task] = nil
        executor.terminated[task] = update.state
      } else {
        executor.launched[task]?.state = update.state
      }
      state.executors[id] = executor
      // `_statusUpdate`: the agent updates the limits before the framework gets the terminal
      // update.
      if update.isTerminal { updateLimits(of: id, &state) }
    } else {
      state.journal.violate("\(update): Task is unknown", rule: rule)
      return false
    }
    return true
  }

  /// Checks for errors that the agent accepts but that would mislead a framework.
  private func check(_ update: TaskUpdate, _ state: inout AgentState) {
    let contract = "the executor's own contract: states that never lie"
    if update.timestamp == nil {
      state.journal.violate(
        "\(update) without a timestamp", rule: "include/mesos/v1/mesos.proto, TaskStatus")
    }
    if update.status["executor_id"] == nil {
      state.journal.violate("\(update) without an executor_id", rule: Self.statusUpdate)
    }
    if update.containerStatus?["container_id"] != nil {
      // The agent would then request the status of that container instead of the executor's
      // (`Slave::statusUpdate`).
      state.journal.violate("\(update) sets container_status.container_id", rule: Self.statusUpdate)
    }
    if update.state == "TASK_KILLING", !options.capabilities.contains("TASK_KILLING_STATE") {
      state.journal.violate(
        "\(update) to a framework without TASK_KILLING_STATE",
        rule: "include/mesos/v1/mesos.proto, TaskState")
    }
    // src/launcher/default_executor.cpp, `waited`: a task that fails its health check is unhealthy
    // in its terminal update.
    let tells = update.healthy == nil || update.state == "TASK_RUNNING"
    if !tells, update.healthy == true || !update.isTerminal {
      state.journal.violate("\(update) tells of health", rule: contract)
    }
    guard let last = state.journal.updates.last(where: { $0.taskID == update.taskID }) else {
      return
    }
    if last.means(update) {
      state.journal.violate("\(update) twice, under two uuids", rule: contract)
    }
    if !last.isTerminal, update.rank < last.rank {
      state.journal.violate("\(update) after \(last.state)", rule: contract)
    }
    if let before = last.timestamp, let now = update.timestamp, now < before {
      state.journal.violate(
        "\(update) is older than \(last.state), which came first", rule: contract)
    }
  }

  /// Sends, delays, withholds or drops an acknowledgement, as the test requires.
  func acknowledge(
    _ uuid: UpdateID, of task: String, to id: String, _ state: inout AgentState
  ) {
    guard let index = state.journal.updates.firstIndex(where: { $0.uuid == uuid }) else {
      // The agent dropped the update, but acknowledges it, so that the executor doesn't repeat it
      // (`Slave::_statusUpdate`).
      state.executors[id]?.send(Self.acknowledged(task, uuid), &state.journal)
      return
    }
    let update = state.journal.updates[index]
    switch acknowledge.withLock({ $0 })(update) {
    case .prompt: sendAcknowledgement(of: uuid, to: id, &state)
    case .dropped: state.journal.updates[index].isAcknowledged = true
    case .withheld: state.executors[id]?.heldAcknowledgements.append((update.taskID, uuid))
    case .delayed(let delay):
      timers.after(delay) { [weak self] in
        self?.state.withLock { self?.sendAcknowledgement(of: uuid, to: id, &$0) }
      }
    }
  }

  /// `Slave::___statusUpdate`: sends it only on the executor's open stream. A terminating framework
  /// gets none, since its update streams are gone (`TaskStatusUpdateManagerProcess::cleanup`).
  private func sendAcknowledgement(of uuid: UpdateID, to id: String, _ state: inout AgentState) {
    guard !state.frameworkIsTerminating,
      let index = state.journal.updates.firstIndex(where: { $0.uuid == uuid }),
      let executor = state.executors[id]
    else { return }
    let update = state.journal.updates[index]
    guard executor.send(Self.acknowledged(update.taskID, uuid), &state.journal) else { return }
    state.journal.updates[index].isAcknowledged = true
    if update.isTerminal, options.forgetsCompletedTasks {
      state.executors[id]?.terminated[update.taskID] = nil
    }
  }

  private static func acknowledged(_ task: String, _ uuid: UpdateID) -> JSON {
    [
      "type": "ACKNOWLEDGED",
      "acknowledged": ["task_id": .id(task), "uuid": .string(uuid.base64)],
    ]
  }

  /// Sends the withheld acknowledgements, in order.
  package func releaseAcknowledgements() {
    state.withLock { state in
      for id in state.executors.keys.sorted() {
        let held = state.executors[id]?.heldAcknowledgements ?? []
        state.executors[id]?.heldAcknowledgements = []
        for (_, uuid) in held { sendAcknowledgement(of: uuid, to: id, &state) }
      }
    }
  }

  /// Records an update that Mesos itself generates (`Slave::sendExecutorTerminatedStatusUpdate` and
  /// others).
  func record(
    _ taskState: String, of task: String, from id: String?, message: String, reason: String,
    source: String = "SOURCE_AGENT", _ state: inout AgentState
  ) {
    let uuid = UpdateID()
    var status: JSON = [
      "task_id": .id(task), "state": .string(taskState), "message": .string(message),
      "reason": .string(reason), "source": .string(source), "agent_id": .id(options.agentID),
      "uuid": .string(uuid.base64),
    ]
    if let id { status["executor_id"] = .id(id) }
    state.journal.updates.append(TaskUpdate(status, uuid: uuid, isAcknowledged: true))
    guard let id, MesosVersion.terminalStates.contains(taskState) else { return }
    state.executors[id]?.launched[task] = nil
    state.executors[id]?.queued.removeAll { $0.tasks.count == 1 && $0.has(task) }
    state.executors[id]?.terminated[task] = taskState
  }
}

extension TaskUpdate {
  /// Whether both updates have the same meaning for a framework.
  fileprivate func means(_ other: TaskUpdate) -> Bool {
    taskID == other.taskID && state == other.state && message == other.message
      && reason == other.reason && healthy == other.healthy
      && containerStatus == other.containerStatus
      && status["check_status"] == other.status["check_status"]
  }

  /// The rank of the state. A state may only follow states of the same or a lower rank.
  fileprivate var rank: Int {
    switch state {
    case "TASK_STAGING", "TASK_STARTING": 0
    case "TASK_RUNNING": 1
    case "TASK_KILLING": 2
    default: 3
    }
  }
}
