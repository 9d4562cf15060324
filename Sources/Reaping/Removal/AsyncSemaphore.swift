import Synchronization

/// Lets a bounded number of tasks through at once, in the order in which they come.
final class AsyncSemaphore: Sendable {
  private struct State {
    var free: Int
    var count = 0
    var waiting: [(number: Int, continuation: CheckedContinuation<Void, any Error>)] = []
  }
  private let state: Mutex<State>

  /// - Parameter permits: how many tasks may work at once.
  init(_ permits: Int) { state = Mutex(State(free: permits)) }

  /// Waits for a permit, works, and gives it back.
  ///
  /// - Throws: `CancellationError` if the task is canceled while it waits; what the work throws.
  func withPermit<Result: Sendable>(
    _ work: @Sendable () async throws -> Result
  ) async throws -> Result {
    try await acquire()
    defer { release() }
    return try await work()
  }

  private func acquire() async throws {
    let number = state.withLock { state in
      state.count += 1
      return state.count
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let result: Result<Void, any Error>? = state.withLock { state in
          if Task.isCancelled { return .failure(CancellationError()) }
          if state.free > 0 {
            state.free -= 1
            return .success(())
          }
          state.waiting.append((number, continuation))
          return nil
        }
        if let result { continuation.resume(with: result) }
      }
    } onCancel: {
      let canceled = state.withLock { state in
        state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
      }
      canceled?.continuation.resume(throwing: CancellationError())
    }
  }

  private func release() {
    let next = state.withLock { state in
      if state.waiting.isEmpty { state.free += 1 }
      return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
    }
    next?.continuation.resume()
  }
}
