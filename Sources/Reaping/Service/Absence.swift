import Synchronization

/// Passes that fail because the engine is away: the reason is said once, and the rest counted.
final class Absence: Sendable {
  private struct State {
    var count = 0
    var said: Set<String> = []
  }
  private let state = Mutex(State())

  /// Counts a pass that failed.
  ///
  /// - Parameter reason: why.
  /// - Returns: whether to say so: this reason is new since the engine was last there.
  func isFirst(_ reason: String) -> Bool {
    state.withLock {
      $0.count += 1
      return $0.said.count < 8 && $0.said.insert(reason).inserted
    }
  }

  /// A pass was completed, or there will be no other.
  ///
  /// - Returns: how many failed since the last.
  func end() -> Int {
    state.withLock { state in
      defer { state = State() }
      return state.count
    }
  }
}
