import Synchronization

/// A condition variable for tasks. It wakes the tasks that wait for a change of state. An actor or
/// a lock guards that state.
///
/// A waiter reads the generation, tests its condition, and waits for a later generation. Therefore
/// it misses no change between the test and the wait. Code that changes the state notifies after
/// the change. A wait stays on the actor of the waiter.
package final class AsyncCondition: Sendable {
  private struct State {
    var generation: UInt64 = 0
    var lastID: UInt64 = 0
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  /// A condition without waiters.
  package init() {}

  /// The number of changes so far.
  package var generation: UInt64 { state.withLock { $0.generation } }

  /// Records a change of the state: all waiters test their conditions again.
  package func notifyAll() {
    let waiters = state.withLock { state in
      state.generation += 1
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns after a later change.
  ///
  /// - Parameter generation: the generation that the waiter read before its test.
  /// - Throws: `CancellationError` when the task is canceled.
  nonisolated(nonsending) package func wait(
    after generation: UInt64
  ) async throws(CancellationError) {
    await wait(after: generation, isCancelable: true)
    if Task.isCancelled { throw CancellationError() }
  }

  /// Returns after a later change, and ignores cancellation of the task.
  ///
  /// - Parameter generation: the generation that the waiter read before its test.
  nonisolated(nonsending) package func waitUncanceled(after generation: UInt64) async {
    await wait(after: generation, isCancelable: false)
  }

  nonisolated(nonsending) private func wait(after generation: UInt64, isCancelable: Bool) async {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          // If the task was canceled before this point, the cancellation handler has already run.
          guard state.generation == generation, !(isCancelable && Task.isCancelled) else {
            return true
          }
          state.waiters[id] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      if isCancelable { state.withLock { $0.waiters.removeValue(forKey: id) }?.resume() }
    }
  }
}
