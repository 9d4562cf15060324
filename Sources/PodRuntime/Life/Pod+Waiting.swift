import Concurrency

extension Pod {
  /// Waits until a condition on the pod's state holds, at most for `limit`.
  ///
  /// - Throws: `CancellationError` when the task is cancelled.
  func wait(
    within limit: Duration, until condition: () -> Bool
  ) async throws(CancellationError) {
    let deadline = ContinuousClock.now + limit
    let clock = Task {
      try? await Task.sleep(for: limit)
      self.changes.notifyAll()
    }
    defer { clock.cancel() }
    try await wait { condition() || .now >= deadline }
  }

  /// Waits until a condition on the pod's state holds. Every wait of the pod is made from this one.
  ///
  /// - Throws: `CancellationError` when the task is cancelled.
  func wait(until condition: () -> Bool) async throws(CancellationError) {
    while !condition() {
      if Task.isCancelled { throw CancellationError() }
      try await changes.wait(after: changes.generation)
    }
  }
}
