import JSON

/// The tasks and updates that the agent has not acknowledged, the updates in the order of their
/// creation (Mesos, docs/executor-http-api.md, "SUBSCRIBE"). It is a value in the session.
struct Outbox: Sendable {
  struct Entry: Sendable {
    /// The status in the form that is sent. Its uuid never changes.
    var status: TaskStatus
    /// Whether the agent has accepted it, in an UPDATE or with a SUBSCRIBE. The entry stays until
    /// it is acknowledged.
    var isDelivered = false
    var isReduced = false
    /// How often the agent has refused this update.
    var refusals = 0
    /// The earliest time to send it, after a refusal.
    var notBefore = Duration.zero
  }

  private struct Task: Sendable {
    let stub: UnacknowledgedTask
    var isAcknowledged = false
    var hasEnded = false
  }

  /// The unacknowledged updates, oldest first.
  private(set) var entries: [Entry] = []
  private var tasks: [TaskID: Task] = [:]
  /// The task IDs in the order of their launch.
  private var order: [TaskID] = []
  /// The number of consecutive calls that failed for a reason outside the update: the agent is not
  /// ready or unreachable.
  private var failures = 0
  /// The earliest time to send an update, after such a failure.
  private var notBefore = Duration.zero

  /// Records a launch; false if the task is already known.
  mutating func launch(_ task: UnacknowledgedTask) -> Bool {
    guard tasks[task.taskID] == nil else { return false }
    tasks[task.taskID] = Task(stub: task)
    order.append(task.taskID)
    return true
  }

  /// Adds an update; false if the task's terminal update was added before.
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

  /// Removes an update, and with its terminal update the task.
  ///
  /// - Returns: the update; nil if there is no such update.
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

  /// Whether there is an update that the agent has not accepted.
  var hasUndelivered: Bool { entries.contains { !$0.isDelivered } }

  /// The next update to send: the oldest that the agent has not accepted. Updates of one task never
  /// overtake each other. A refused update does not delay those of other tasks.
  ///
  /// - Parameter now: the current time.
  /// - Returns: the update, or the time at which one can be sent; nil where there is none.
  func next(at now: Duration) -> Next? {
    var seen: Set<TaskID> = []
    let first = entries.filter { !$0.isDelivered && seen.insert($0.status.taskID).inserted }
    guard let soonest = first.min(by: { $0.notBefore < $1.notBefore }) else { return nil }
    guard notBefore <= now else { return .wait(until: max(notBefore, soonest.notBefore)) }
    let due = first.first { $0.notBefore <= now }
    return due.map { .send($0.status) } ?? .wait(until: soonest.notBefore)
  }

  /// The next step for updates that the agent has not accepted.
  enum Next: Sendable {
    case send(TaskStatus)
    case wait(until: Duration)
  }

  /// Removes each update that the agent has refused `limit` times, if a later update of its task
  /// waits for it. The removed update is never sent again, because the agent may have received the
  /// later one although its response was lost.
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

  /// Records that the agent has accepted an update.
  mutating func markDelivered(_ uuid: Base64Bytes) {
    resetPace()
    guard let index = entries.firstIndex(where: { $0.status.uuid == uuid }) else { return }
    entries[index].isDelivered = true
  }

  /// Records that the agent has refused an update because of its contents.
  ///
  /// - Parameters:
  ///   - uuid: the update's uuid.
  ///   - now: the current time.
  ///   - pause: gives the wait before the next attempt for a number of refusals.
  mutating func markRefused(_ uuid: Base64Bytes, at now: Duration, pause: (Int) -> Duration) {
    resetPace()
    guard let index = entries.firstIndex(where: { $0.status.uuid == uuid }) else { return }
    entries[index].refusals += 1
    entries[index].notBefore = now + pause(entries[index].refusals)
  }

  /// Records that a call failed for a reason outside its update.
  ///
  /// - Parameters:
  ///   - now: the current time.
  ///   - pause: gives the wait before the next call for a number of consecutive failures.
  mutating func markFailed(at now: Duration, pause: (Int) -> Duration) {
    failures += 1
    notBefore = now + pause(failures)
  }

  /// Removes the wait before the next call, because the agent is reachable.
  mutating func resetPace() {
    failures = 0
    notBefore = .zero
  }

  /// Removes reasons that older agents do not know from all updates; false where the given update
  /// has no such reason.
  mutating func dropNewerReasons(_ uuid: Base64Bytes) -> Bool {
    guard let refused = entries.first(where: { $0.status.uuid == uuid }),
      refused.status.withoutNewerReason != nil
    else { return false }
    for index in entries.indices {
      entries[index].status = entries[index].status.withoutNewerReason ?? entries[index].status
    }
    return true
  }

  /// Reduces an update to the fields that an agent requires.
  mutating func reduce(_ uuid: Base64Bytes) {
    guard let index = entries.firstIndex(where: { $0.status.uuid == uuid }) else { return }
    entries[index].status = entries[index].status.reduced
    entries[index].isReduced = true
  }

  /// Reduces all updates; false if they were all reduced before.
  mutating func reduceAll() -> Bool {
    guard entries.contains(where: { !$0.isReduced }) else { return false }
    for entry in entries { reduce(entry.status.uuid) }
    return true
  }

  /// The tasks without an acknowledged update.
  var unacknowledgedTasks: [UnacknowledgedTask] {
    order.compactMap { tasks[$0] }.filter { !$0.isAcknowledged }.map(\.stub)
  }

  /// The updates that have not been acknowledged.
  var unacknowledgedUpdates: [TaskStatus] { entries.map(\.status) }
}
