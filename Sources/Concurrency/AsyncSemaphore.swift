import Synchronization

/// Limits the number of tasks that run a section at the same time. Other tasks wait in order of
/// arrival, and a canceled task leaves the queue immediately.
package final class AsyncSemaphore: Sendable {
  private struct State {
    var free: Int
    var lastNumber: UInt64 = 0
    /// In ascending order of `number`.
    var waiting: [(number: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
  }

  private let state: Mutex<State>

  /// A semaphore without holders.
  ///
  /// - Parameter value: the number of permits.
  package init(value: Int) { state = Mutex(State(free: value)) }

  /// The number of tasks that wait for a permit.
  package var waitingCount: Int { state.withLock { $0.waiting.count } }

  /// Runs a closure while it holds a permit.
  ///
  /// - Parameter body: the closure.
  /// - Returns: the result of `body`.
  /// - Throws: the error of `body`; `CancellationError` if the task is canceled before it has a
  ///   permit.
  nonisolated(nonsending) package func withPermit<Result>(
    _ body: () async throws -> Result
  ) async throws -> Result {
    try await wait()
    defer { signal() }
    return try await body()
  }

  /// Runs a closure while it holds a permit. After `limit` it returns the permit even if the
  /// closure still runs.
  ///
  /// - Parameters:
  ///   - limit: the longest time for which the permit is held.
  ///   - body: the closure.
  /// - Returns: the result of `body`.
  /// - Throws: the error of `body`; `CancellationError` if the task is canceled before it has a
  ///   permit.
  nonisolated(nonsending) package func withPermit<Result>(
    heldAtMost limit: Duration, _ body: () async throws -> Result
  ) async throws -> Result {
    try await wait()
    let turn = Turn(self)
    let clock = Task {
      try? await Task.sleep(for: limit)
      if !Task.isCancelled { turn.end() }
    }
    defer {
      clock.cancel()
      turn.end()
    }
    return try await body()
  }

  /// A permit that is returned once.
  private final class Turn: Sendable {
    private let semaphore: AsyncSemaphore
    private let isOver = Mutex(false)

    init(_ semaphore: AsyncSemaphore) { self.semaphore = semaphore }

    func end() {
      let isFirst = isOver.withLock { isOver in
        defer { isOver = true }
        return !isOver
      }
      if isFirst { semaphore.signal() }
    }
  }

  /// Waits for a permit. `signal` returns it.
  ///
  /// - Throws: `CancellationError` if the task is canceled before it has a permit.
  nonisolated(nonsending) package func wait() async throws(CancellationError) {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    let hasTurn = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let hasTurn: Bool? = state.withLock { state in
          // If the task was canceled before this point, the cancellation handler has already run.
          if Task.isCancelled { return false }
          if state.free > 0 {
            state.free -= 1
            return true
          }
          state.waiting.append((number, continuation))
          return nil
        }
        if let hasTurn { continuation.resume(returning: hasTurn) }
      }
    } onCancel: {
      drop(number)
    }
    guard hasTurn else { throw CancellationError() }
  }

  /// Returns a permit. The task that has waited longest gets it.
  package func signal() {
    let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      if !state.waiting.isEmpty { return state.waiting.removeFirst().continuation }
      state.free += 1
      return nil
    }
    next?.resume(returning: true)
  }

  private func drop(_ number: UInt64) {
    let dropped = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      guard let index = state.waiting.firstIndex(where: { $0.number == number }) else { return nil }
      return state.waiting.remove(at: index).continuation
    }
    dropped?.resume(returning: false)
  }
}
