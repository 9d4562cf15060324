import Synchronization

/// What a task that may be canceled has promised: what it has begun is waited for, what it hasn't isn't begun any more.
public final class Pledge: Sendable {
  /// That of the `withoutCancellation` that this task runs in.
  @TaskLocal public static var current: Pledge?

  private struct State {
    var isCanceled = false
    var handlers: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())

  /// Has something done when the task that asked is canceled: at once if it is already.
  ///
  /// - Parameter handler: what to do.
  public func onCancel(_ handler: @escaping @Sendable () -> Void) {
    let isLate = state.withLock { state in
      if !state.isCanceled { state.handlers.append(handler) }
      return state.isCanceled
    }
    if isLate { handler() }
  }

  fileprivate func cancel() {
    let handlers = state.withLock { state in
      state.isCanceled = true
      defer { state.handlers = [] }
      return state.handlers
    }
    for handler in handlers { handler() }
  }
}

/// Runs a step to its end even if the task that asks is canceled. What waits in it for its turn may ask `Pledge.current`
/// whether it should still begin.
///
/// - Parameter step: what to do.
/// - Returns: what it returns.
/// - Throws: what it throws.
@discardableResult
public func withoutCancellation<Value: Sendable>(
  _ step: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  let pledge = Pledge()
  return try await withTaskCancellationHandler {
    try await Task { try await Pledge.$current.withValue(pledge) { try await step() } }.value
  } onCancel: {
    pledge.cancel()
  }
}
