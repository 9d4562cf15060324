import Concurrency

extension Pod {
  /// Waits until a condition on the pod's state holds, for at most `limit`.
  ///
  /// - Throws: `CancellationError` if the task is canceled.
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

  /// Waits until a condition on the pod's state holds. All waits of the pod use this function.
  ///
  /// - Throws: `CancellationError` if the task is canceled.
  func wait(until condition: () -> Bool) async throws(CancellationError) {
    while !condition() {
      if Task.isCancelled { throw CancellationError() }
      try await changes.wait(after: changes.generation)
    }
  }
}
