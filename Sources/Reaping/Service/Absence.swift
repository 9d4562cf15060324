import Synchronization

/// Passes that fail because the engine is unavailable: each reason is logged once, and the passes
/// are counted.
final class Absence: Sendable {
  private struct State {
    var count = 0
    var logged: Set<String> = []
  }
  private let state = Mutex(State())

  /// Counts a failed pass.
  ///
  /// - Parameter reason: the reason.
  /// - Returns: whether to log it: the reason is new since the engine was last available.
  func isFirst(_ reason: String) -> Bool {
    state.withLock {
      $0.count += 1
      return $0.logged.count < 8 && $0.logged.insert(reason).inserted
    }
  }

  /// Resets the count, after a completed pass or at the exit of the service.
  ///
  /// - Returns: the number of failed passes since the last reset.
  func end() -> Int {
    state.withLock { state in
      defer { state = State() }
      return state.count
    }
  }
}
