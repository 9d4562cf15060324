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
    /// How often the agent has refused it.
    var attempts = 0
    /// Not to be sent before this time.
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
  mutating func acknowledge(_ id: TaskID, uuid: Data) -> TaskStatus? {
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

  /// The update to send: the oldest that the agent has not taken. One that was refused `limit` times holds up no other.
  ///
  /// - Parameters:
  ///   - now: the time.
  ///   - limit: how often an update may be refused before others overtake it.
  /// - Returns: the update, or the time at which there will be one; nil where there is none.
  func next(at now: Duration, limit: Int) -> Next? {
    let waiting = entries.filter { !$0.isDelivered }
    if let first = waiting.first(where: { $0.attempts < limit }) {
      if first.notBefore <= now { return .send(first.status) }
      let overdue = waiting.first { $0.attempts >= limit && $0.notBefore <= now }
      return overdue.map { .send($0.status) } ?? .wait(until: first.notBefore)
    }
    guard let soonest = waiting.min(by: { $0.notBefore < $1.notBefore }) else { return nil }
    return soonest.notBefore <= now ? .send(soonest.status) : .wait(until: soonest.notBefore)
  }

  /// What to do about the updates that the agent has not taken.
  enum Next: Sendable {
    case send(TaskStatus)
    case wait(until: Duration)
  }

  /// Records that the agent has an update.
  ///
  /// - Parameters:
  ///   - uuid: the update's.
  ///   - limit: how often an earlier update of the task may have been refused to be kept behind a terminal one.
  /// - Returns: earlier updates of the same task that are given up: after its terminal one they mean nothing.
  @discardableResult
  mutating func markDelivered(_ uuid: Data, limit: Int = .max) -> [TaskStatus] {
    guard let index = entries.firstIndex(where: { $0.status.uuid == uuid }) else { return [] }
    entries[index].isDelivered = true
    let status = entries[index].status
    guard status.state.isTerminal else { return [] }
    let obsolete = entries.filter {
      $0.status.taskID == status.taskID && !$0.isDelivered && $0.attempts >= limit
    }.map(\.status)
    entries.removeAll { entry in obsolete.contains { $0.uuid == entry.status.uuid } }
    return obsolete
  }

  /// Records that an update has to be sent again.
  ///
  /// - Parameters:
  ///   - uuid: the update's.
  ///   - isRefused: whether the agent has refused it.
  ///   - now: the time.
  ///   - pause: how long to wait, by the number of refusals.
  mutating func postpone(
    _ uuid: Data, isRefused: Bool, at now: Duration, pause: (Int) -> Duration
  ) {
    guard let index = entries.firstIndex(where: { $0.status.uuid == uuid }) else { return }
    if isRefused { entries[index].attempts += 1 }
    entries[index].notBefore = now + pause(entries[index].attempts)
  }

  /// Takes the reasons that older agents can't read off an update and off all others; false where it has none such.
  mutating func dropNewerReasons(_ uuid: Data) -> Bool {
    guard let refused = entries.first(where: { $0.status.uuid == uuid }),
      refused.status.withoutNewerReason != nil
    else { return false }
    for index in entries.indices {
      entries[index].status = entries[index].status.withoutNewerReason ?? entries[index].status
    }
    return true
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
