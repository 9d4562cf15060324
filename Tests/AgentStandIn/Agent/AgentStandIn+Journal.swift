import Synchronization
import TestSupport

/// What has happened, for tests to look at.
extension AgentStandIn {
  /// All updates in the order in which a framework gets them, repetitions left out.
  public var updates: [TaskUpdate] { state.withLock { $0.journal.updates } }

  /// The updates of one task.
  public func updates(of task: String) -> [TaskUpdate] { updates.filter { $0.taskID == task } }

  /// The states of one task, repeated ones (a change of health, say) once.
  public func states(of task: String) -> [String] {
    updates(of: task).map(\.state).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  /// All that an executor did and must not do.
  public var violations: [Violation] { state.withLock { $0.journal.violations } }

  /// All calls with their answers, in the order in which they were answered.
  public var calls: [CallRecord] { state.withLock { $0.journal.calls } }

  /// All events that went to an open stream.
  public var events: [JSON] { state.withLock { $0.journal.events } }

  /// The data of executors' messages.
  public var messages: [[UInt8]] { state.withLock { $0.journal.messages } }

  /// The most calls that were being answered at one time, subscriptions aside.
  public var mostCallsInFlight: Int { state.withLock { $0.mostCallsInFlight } }

  /// The executors that the agent still knows.
  public var executorIDs: [String] { state.withLock { $0.executors.keys.sorted() } }

  /// Whether an executor has subscribed since the agent's last start.
  public func isSubscribed(_ executor: String) -> Bool {
    state.withLock { $0.executors[executor]?.phase == .running }
  }

  /// Whether the agent is through with its recovery.
  public var isRunning: Bool { state.withLock { $0.phase == .running } }

  /// Waits for an update.
  ///
  /// - Parameters:
  ///   - state: The state that it tells.
  ///   - task: The task.
  ///   - within: The longest wait.
  ///   - matches: What else it must fulfil.
  /// - Returns: The first such update.
  /// - Throws: `DeadlinePassed`, or ``EndedOtherwise`` once another terminal state makes it impossible.
  @discardableResult
  nonisolated(nonsending) public func update(
    _ state: String, of task: String, within: Duration = .seconds(30),
    where matches: (TaskUpdate) -> Bool = { _ in true }
  ) async throws -> TaskUpdate {
    try await eventually("\(state) of \(task)", within: within) {
      let updates = updates(of: task)
      if let update = updates.first(where: { $0.state == state && matches($0) }) { return update }
      if let last = updates.last, last.isTerminal {
        throw EndedOtherwise(awaited: state, updates: updates)
      }
      return nil
    }
  }

  /// Waits for a task's terminal update.
  ///
  /// - Throws: `DeadlinePassed`
  @discardableResult
  nonisolated(nonsending) public func end(
    of task: String, within: Duration = .seconds(30)
  ) async throws -> TaskUpdate {
    try await eventually("the end of \(task)", within: within) {
      updates(of: task).first(where: \.isTerminal)
    }
  }

  /// A task that ended before it got into the state that was waited for.
  public struct EndedOtherwise: Error, CustomStringConvertible, Sendable {
    /// The state that was waited for.
    public let awaited: String
    /// What came instead.
    public let updates: [TaskUpdate]

    /// The state, and all updates.
    public var description: String {
      "no \(awaited): " + updates.map(\.description).joined(separator: ", ")
    }
  }
}
