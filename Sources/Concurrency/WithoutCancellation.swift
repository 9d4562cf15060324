import Synchronization

/// The cancellation state of a step that runs without cancellation. A request that has begun is
/// awaited, and a request that has not begun is dropped.
package final class Pledge: Sendable {
  /// The pledge of the `withoutCancellation` call that this task runs in.
  @TaskLocal package static var current: Pledge?

  private struct State {
    var isCanceled = false
    var handlers: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())

  /// Registers a handler for the cancellation of the calling task. If that task is already
  /// canceled, the handler runs immediately.
  ///
  /// - Parameter handler: the handler.
  package func onCancel(_ handler: @escaping @Sendable () -> Void) {
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

/// Runs a step to completion even if the calling task is canceled. Code in the step that waits for
/// its turn can use `Pledge.current` to learn whether it should still begin.
///
/// - Parameter step: the step.
/// - Returns: the result of `step`.
/// - Throws: the error of `step`.
@discardableResult
package func withoutCancellation<Value: Sendable>(
  _ step: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  let pledge = Pledge()
  return try await withTaskCancellationHandler {
    try await Task { try await Pledge.$current.withValue(pledge) { try await step() } }.value
  } onCancel: {
    pledge.cancel()
  }
}
