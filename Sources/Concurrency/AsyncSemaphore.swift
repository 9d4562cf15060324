import Synchronization

/// Lets a bounded number of tasks through at once; the others wait in the order in which they came, and one that is
/// canceled leaves the queue at once.
public final class AsyncSemaphore: Sendable {
  private struct State {
    var free: Int
    var lastNumber: UInt64 = 0
    /// In the order of their numbers.
    var waiting: [(number: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
  }

  private let state: Mutex<State>

  /// Makes a semaphore.
  ///
  /// - Parameter value: how many may be through at once.
  public init(value: Int) { state = Mutex(State(free: value)) }

  /// How many wait for their turn.
  public var waitingCount: Int { state.withLock { $0.waiting.count } }

  /// Does something when its turn has come.
  ///
  /// - Parameter body: what to do.
  /// - Returns: what it returns.
  /// - Throws: what it throws; `CancellationError` if the task is canceled before its turn.
  nonisolated(nonsending) public func withPermit<Result>(
    _ body: () async throws -> Result
  ) async throws -> Result {
    try await wait()
    defer { signal() }
    return try await body()
  }

  /// Does something when its turn has come; after a while the turn is over, whether or not it is done.
  ///
  /// - Parameters:
  ///   - limit: the longest turn.
  ///   - body: what to do.
  /// - Returns: what it returns.
  /// - Throws: what it throws; `CancellationError` if the task is canceled before its turn.
  nonisolated(nonsending) public func withPermit<Result>(
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

  /// A turn that ends once.
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

  /// Waits for a turn, which `signal` ends.
  ///
  /// - Throws: `CancellationError` if the task is canceled before its turn.
  nonisolated(nonsending) public func wait() async throws(CancellationError) {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    let hasTurn = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let hasTurn: Bool? = state.withLock { state in
          // Canceled before it could be registered: the handler has come and gone.
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

  /// Ends a turn: who waits longest takes it over.
  public func signal() {
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
