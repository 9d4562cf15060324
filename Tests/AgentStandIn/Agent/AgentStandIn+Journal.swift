import Synchronization
import TestSupport

/// The journal, for assertions of tests.
extension AgentStandIn {
  /// All updates, without repetitions, in the order in which a framework gets them.
  package var updates: [TaskUpdate] { state.withLock { $0.journal.updates } }

  /// The updates of one task.
  package func updates(of task: String) -> [TaskUpdate] { updates.filter { $0.taskID == task } }

  /// The states of one task. Consecutive equal states (for example after a change of health) appear
  /// once.
  package func states(of task: String) -> [String] {
    updates(of: task).map(\.state).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  /// All violations of the protocol by an executor.
  package var violations: [Violation] { state.withLock { $0.journal.violations } }

  /// All calls with their responses, in the order of the responses.
  package var calls: [CallRecord] { state.withLock { $0.journal.calls } }

  /// All events that were sent to an open stream.
  package var events: [JSON] { state.withLock { $0.journal.events } }

  /// The data of the executors' messages.
  package var messages: [[UInt8]] { state.withLock { $0.journal.messages } }

  /// The highest number of concurrent calls, not counting subscriptions.
  package var mostCallsInFlight: Int { state.withLock { $0.mostCallsInFlight } }

  /// The executors that the agent has.
  package var executorIDs: [String] { state.withLock { $0.executors.keys.sorted() } }

  /// Whether an executor has subscribed since the agent's last start.
  package func isSubscribed(_ executor: String) -> Bool {
    state.withLock { $0.executors[executor]?.phase == .running }
  }

  /// Whether the agent has completed its recovery.
  package var isRunning: Bool { state.withLock { $0.phase == .running } }

  /// Waits for an update.
  ///
  /// - Parameters:
  ///   - state: The state of the update.
  ///   - task: The task.
  ///   - within: The time limit.
  ///   - matches: A further condition.
  /// - Returns: The first such update.
  /// - Throws: `DeadlinePassed`, or ``EndedOtherwise`` if the task reaches another terminal state.
  @discardableResult
  nonisolated(nonsending) package func update(
    _ state: String, of task: String, within: Duration = .seconds(180),
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

  /// Waits for the terminal update of a task.
  ///
  /// - Throws: `DeadlinePassed`
  @discardableResult
  nonisolated(nonsending) package func end(
    of task: String, within: Duration = .seconds(180)
  ) async throws -> TaskUpdate {
    try await eventually("the end of \(task)", within: within) {
      updates(of: task).first(where: \.isTerminal)
    }
  }

  /// A task reached a terminal state before the expected state.
  package struct EndedOtherwise: Error, CustomStringConvertible, Sendable {
    /// The expected state.
    package let awaited: String
    /// All updates of the task.
    package let updates: [TaskUpdate]

    /// The expected state and all updates.
    package var description: String {
      "no \(awaited): " + updates.map(\.description).joined(separator: ", ")
    }
  }
}
