import MesosExecutor

/// The states that a task goes through. The diagram in docs/pods.md is made from this.
enum TaskCourse {
  /// What the framework may be told next.
  ///
  /// - Parameter state: what it was told last; nil for nothing.
  /// - Returns: the states that may follow; none after a terminal one.
  static func next(after state: TaskState?) -> [TaskState] {
    switch state {
    case nil: [.starting]
    case .starting: [.running, .killing, .failed, .killed]
    case .running: [.running, .killing, .finished, .failed, .killed]
    // Its pod may have ended by itself just before it was told to.
    case .killing: [.finished, .failed, .killed]
    case .finished, .failed, .killed, .lost, .error: []
    }
  }
}
