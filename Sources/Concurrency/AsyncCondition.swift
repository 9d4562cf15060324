import Synchronization

/// Wakes who waits for a change of state that an actor or a lock guards: a condition variable for tasks.
///
/// A waiter notes the generation, tests its condition, and waits for a later generation: no change between the test and
/// the wait is missed. Whoever changes the state notifies after the change. Waits stay on the waiter's actor.
public final class AsyncCondition: Sendable {
  private struct State {
    var generation: UInt64 = 0
    var lastID: UInt64 = 0
    var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  /// Makes a condition that nobody waits for.
  public init() {}

  /// How many changes there were.
  public var generation: UInt64 { state.withLock { $0.generation } }

  /// The state has changed: all who wait test their conditions again.
  public func notifyAll() {
    let waiters = state.withLock { state in
      state.generation += 1
      defer { state.waiters = [:] }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns when there has been a later change.
  ///
  /// - Parameter generation: what the waiter has seen.
  /// - Throws: `CancellationError` when the task is canceled.
  nonisolated(nonsending) public func wait(
    after generation: UInt64
  ) async throws(CancellationError) {
    await wait(after: generation, isCancelable: true)
    if Task.isCancelled { throw CancellationError() }
  }

  /// The same, however often the task is canceled.
  ///
  /// - Parameter generation: what the waiter has seen.
  nonisolated(nonsending) public func waitUncanceled(after generation: UInt64) async {
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
          // Canceled before it could be registered: the handler has come and gone.
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
