import Concurrency

/// The API version agreed on with the engine: one task asks, the others wait for its answer.
actor Negotiation {
  private enum State {
    case unknown
    /// The last one who asked got no answer.
    case failed(EngineError)
    case asking
    case known(EngineAbility)
  }

  private var state = State.unknown
  private let changes = AsyncCondition()

  /// Whether a version is agreed on.
  var isSettled: Bool { if case .known = state { true } else { false } }

  /// The version; calls `ask` if nobody has or does.
  func version(ask: @Sendable () async throws -> EngineAbility) async throws -> EngineAbility {
    var hasWaited = false
    while true {
      try Task.checkCancellation()
      switch state {
      case .known(let version): return version
      case .failed(let error) where hasWaited: throw error
      case .unknown, .failed:
        state = .asking
        do {
          let version = try await ask()
          settle(version)
          return version
        } catch {
          // Where the task that asked was cancelled somebody else has to ask.
          state = (error as? EngineError).map { .failed($0) } ?? .unknown
          changes.notifyAll()
          throw error
        }
      case .asking:
        hasWaited = true
        try await changes.wait(after: changes.generation)
      }
    }
  }

  func settle(_ version: EngineAbility) {
    state = .known(version)
    changes.notifyAll()
  }

  /// The engine no longer speaks that version: asks again with the next call.
  func forget() {
    if case .known = state { state = .unknown }
  }
}
