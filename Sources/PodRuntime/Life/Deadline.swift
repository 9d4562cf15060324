import DockerEngine
import Synchronization

extension Task where Success == Void, Failure == Never {
  /// Waits for the task's end, at most so long; the task goes on if it takes longer.
  ///
  /// - Parameters:
  ///   - limit: how long.
  ///   - givesWay: whether the wait ends when the waiting task is cancelled.
  /// - Returns: whether it has ended.
  public func hasEnded(within limit: Duration, orCancelled givesWay: Bool = false) async -> Bool {
    let race = Race()
    let watch = Task<Void, Never> {
      await self.value
      race.finish(true)
    }
    let clock = Task<Void, Never> {
      try? await Task<Never, Never>.sleep(for: limit)
      race.finish(false)
    }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { race.begin($0) }
    } onCancel: {
      if givesWay { race.finish(false) }
    }
    clock.cancel()
    if !result { watch.cancel() }
    return result
  }
}

/// A continuation that the first of several tasks resumes.
private final class Race: Sendable {
  private enum State {
    case open
    case waiting(CheckedContinuation<Bool, Never>)
    case decided(Bool)
  }
  private let state = Mutex(State.open)

  func begin(_ continuation: CheckedContinuation<Bool, Never>) {
    let decided: Bool? = state.withLock { state in
      if case .decided(let result) = state { return result }
      state = .waiting(continuation)
      return nil
    }
    if let decided { continuation.resume(returning: decided) }
  }

  func finish(_ result: Bool) {
    let waiting: CheckedContinuation<Bool, Never>? = state.withLock { state in
      switch state {
      case .open:
        state = .decided(result)
        return nil
      case .waiting(let continuation):
        state = .decided(result)
        return continuation
      case .decided:
        return nil
      }
    }
    waiting?.resume(returning: result)
  }
}

/// Runs a step to its end even if the task that asks is cancelled; what it hasn't asked the engine to make yet isn't made.
@discardableResult
func uncancelled<Value: Sendable>(
  _ step: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await DockerEngine.uncut(step)
}
