import JSON

/// What the agent has not acknowledged: tasks, and updates in the order in which they were made
/// (docs/executor-http-api.md, "SUBSCRIBE"). A value; the session holds it.
struct Outbox: Sendable {
  struct Entry: Sendable {
    /// As it is sent now; its uuid never changes.
    var status: TaskStatus
    /// Whether the agent has taken it, in an UPDATE or with a SUBSCRIBE. It is kept all the same.
    var isDelivered = false
    var isReduced = false
    /// How often the agent has refused this very update.
    var refusals = 0
    /// Not to be sent before this time, after a refusal.
    var notBefore = Duration.zero
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
  /// Calls in a row that failed for a reason that is not in the update: the agent isn't ready, or can't be reached.
  private var failures = 0
  /// No update is sent before this time, after such a failure.
  private var notBefore = Duration.zero

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

  /// Forgets an update, and after its terminal one the task.
  ///
  /// - Returns: the update; nil if there is none such.
  mutating func acknowledge(_ id: TaskID, uuid: Base64Bytes) -> TaskStatus? {
    guard
      let index = entries.firstIndex(where: {
        $0.status.taskID == id && $0.status.uuid == uuid
      })
    else { return nil }
    let status = entries.remove(at: index).status
    tasks[id]?.isAcknowledged = true
    if status.state.isTerminal {
      tasks[id] = nil
      order.removeAll { $0 == id }
    }
    return status
  }

  /// Whether there is an update that the agent has not taken.
  var hasUndelivered: Bool { entries.contains { !$0.isDelivered } }

  /// The update to send: the oldest that the agent has not taken. Updates of one task never overtake each other; one that
  /// was refused holds up no other task's.
  ///
  /// - Parameter now: the time.
  /// - Returns: the update, or the time at which there will be one; nil where there is none.
  func next(at now: Duration) -> Next? {
    var seen: Set<TaskID> = []
    let first = entries.filter { !$0.isDelivered && seen.insert($0.status.taskID).inserted }
    guard let soonest = first.min(by: { $0.notBefore < $1.notBefore }) else { return nil }
    guard notBefore <= now else { return .wait(until: max(notBefore, soonest.notBefore)) }
    let due = first.first { $0.notBefore <= now }
    return due.map { .send($0.status) } ?? .wait(until: soonest.notBefore)
  }

  /// What to do about the updates that the agent has not taken.
  enum Next: Sendable {
    case send(TaskStatus)
    case wait(until: Duration)
  }

  /// Removes each update that the agent has refused `limit` times and that a later one of its task waits for. It is never
  /// sent again: the agent may have a later update although its response was lost.
  ///
  /// - Parameter limit: how often an update may be refused.
  /// - Returns: the removed updates.
  mutating func removeRefused(limit: Int) -> [TaskStatus] {
    var removed: [TaskStatus] = []
    var isLast: Set<TaskID> = []
    for index in entries.indices.reversed() {
      let entry = entries[index]
      guard !isLast.insert(entry.status.taskID).inserted, !entry.isDelivered,
        entry.refusals >= limit
      else { continue }
      removed.insert(entry.status, at: 0)
      entries.remove(at: index)
    }
    return removed
  }

  /// Records that the agent has an update.
  mutating func markDelivered(_ uuid: Base64Bytes) {
    resetPace()
    guard let index = entries.firstIndex(where: { $0.status.uuid == uuid }) else { return }
    entries[index].isDelivered = true
  }

  /// Records that the agent has refused an update for what is in it.
  ///
  /// - Parameters:
  ///   - uuid: the update's.
  ///   - now: the time.
  ///   - pause: how long to wait before it is sent again, by the number of refusals.
  mutating func markRefused(_ uuid: Base64Bytes, at now: Duration, pause: (Int) -> Duration) {
    resetPace()
    guard let index = entries.firstIndex(where: { $0.status.uuid == uuid }) else { return }
    entries[index].refusals += 1
    entries[index].notBefore = now + pause(entries[index].refusals)
  }

  /// Records that a call failed, whatever its update.
  ///
  /// - Parameters:
  ///   - now: the time.
  ///   - pause: how long to wait before the next call, by the number of failures in a row.
  mutating func markFailed(at now: Duration, pause: (Int) -> Duration) {
    failures += 1
    notBefore = now + pause(failures)
  }

  /// The agent is there: the next call need not wait.
  mutating func resetPace() {
    failures = 0
    notBefore = .zero
  }

  /// Takes the reasons that older agents can't read off an update and off all others; false where it has none such.
  mutating func dropNewerReasons(_ uuid: Base64Bytes) -> Bool {
    guard let refused = entries.first(where: { $0.status.uuid == uuid }),
      refused.status.withoutNewerReason != nil
    else { return false }
    for index in entries.indices {
      entries[index].status = entries[index].status.withoutNewerReason ?? entries[index].status
    }
    return true
  }

  /// Takes off an update what an agent can do without.
  mutating func reduce(_ uuid: Base64Bytes) {
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
