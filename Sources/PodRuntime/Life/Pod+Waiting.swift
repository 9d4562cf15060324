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
      self.changes.ring()
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
      let ticket = changes.ticket()
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          // Cancelled before it could be registered: the handler has come and gone.
          if Task.isCancelled {
            continuation.resume()
          } else {
            changes.wait(ticket, continuation)
          }
        }
      } onCancel: {
        Task { await self.wake(ticket) }
      }
    }
  }

  private func wake(_ ticket: Int) { changes.wake(ticket) }
}
