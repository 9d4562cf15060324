import MesosExecutor

/// The order of a task's states. The diagram in docs/pods.md is generated from it.
enum TaskStateMachine {
  /// The states that can be sent next.
  ///
  /// - Parameter state: the last state that was sent; nil for none.
  /// - Returns: the states that may follow; none after a terminal state.
  static func next(after state: TaskState?) -> [TaskState] {
    switch state {
    case nil: [.starting]
    case .starting: [.running, .killing, .failed, .killed]
    case .running: [.running, .killing, .finished, .failed, .killed]
    // The pod may have finished or failed just before the kill.
    case .killing: [.finished, .failed, .killed]
    case .finished, .failed, .killed, .lost, .error: []
    }
  }
}
