import FoundationEssentials

/// What the agent has not acknowledged: tasks, and updates in the order in which they were made
/// (docs/executor-http-api.md, "SUBSCRIBE"). A value; the session holds it.
struct Outbox: Sendable {
  struct Entry: Sendable {
    /// As it is sent now; its uuid never changes.
    var status: TaskStatus
    /// Whether the agent has taken it, in an UPDATE or with a SUBSCRIBE. It is kept all the same.
    var isDelivered = false
    var isReduced = false
  }

  private struct Task: Sendable {
    let stub: UnacknowledgedTask
    var isAcknowledged = false
    var hasEnded = false
  }

  /// Unacknowledged updates, oldest first.
  private(set) var entries: [Entry] = []
  private var tasks: [TaskID: Task] = [:]
  /// Task IDs in the order of their launch.
  private var order: [TaskID] = []

  /// Takes note of a launch; false if the task is known already.
  mutating func launch(_ task: UnacknowledgedTask) -> Bool {
    guard tasks[task.taskID] == nil else { return false }
    tasks[task.taskID] = Task(stub: task)
    order.append(task.taskID)
    return true
  }

  /// Keeps an update; false if the task's terminal update has been made before.
  mutating func add(_ status: TaskStatus) -> Bool {
    guard !hasEnded(status.taskID) else { return false }
    entries.append(Entry(status: status))
    if status.state.isTerminal { tasks[status.taskID]?.hasEnded = true }
    return true
  }

  private func hasEnded(_ id: TaskID) -> Bool {
    tasks[id]?.hasEnded == true
      || entries.contains { $0.status.taskID == id && $0.status.state.isTerminal }
  }

  /// Forgets an update, and after its terminal one the task; false if there is no such update.
  mutating func acknowledge(_ id: TaskID, uuid: Data) -> Bool {
    guard
      let index = entries.firstIndex(where: {
        $0.status.taskID == id && $0.status.uuid == uuid
      })
    else { return false }
    let status = entries.remove(at: index).status
    tasks[id]?.isAcknowledged = true
    if status.state.isTerminal {
      tasks[id] = nil
      order.removeAll { $0 == id }
    }
    return true
  }

  /// The oldest update that the agent has not taken.
  var next: Entry? { entries.first { !$0.isDelivered } }

  mutating func markDelivered(_ uuid: Data) {
    guard let index = entries.firstIndex(where: { $0.status.uuid == uuid }) else { return }
    entries[index].isDelivered = true
  }

  /// Takes off an update what an agent can do without.
  mutating func reduce(_ uuid: Data) {
    guard let index = entries.firstIndex(where: { $0.status.uuid == uuid }) else { return }
    entries[index].status = entries[index].status.reduced
    entries[index].isReduced = true
  }

  /// Reduces all updates; false if they were reduced before.
  mutating func reduceAll() -> Bool {
    guard entries.contains(where: { !$0.isReduced }) else { return false }
    for entry in entries { reduce(entry.status.uuid) }
    return true
  }

  /// Tasks of which no update has been acknowledged.
  var unacknowledgedTasks: [UnacknowledgedTask] {
    order.compactMap { tasks[$0] }.filter { !$0.isAcknowledged }.map(\.stub)
  }

  /// Updates that have not been acknowledged.
  var unacknowledgedUpdates: [TaskStatus] { entries.map(\.status) }
}
