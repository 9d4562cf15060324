import Concurrency

/// The API version that was negotiated with the engine. One task sends the request, and the others
/// wait for its result.
actor Negotiation {
  private enum State {
    case unknown
    /// The last request failed.
    case failed(EngineError)
    case asking
    case known(EngineAbility)
  }

  private var state = State.unknown
  private let changes = AsyncCondition()

  /// Whether a version has been negotiated.
  var isKnown: Bool { if case .known = state { true } else { false } }

  /// The version. Calls `ask` if it is unknown and no other task is calling `ask`.
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
          resolve(version)
          return version
        } catch {
          // If the task that asked was canceled, another task must ask.
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

  func resolve(_ version: EngineAbility) {
    state = .known(version)
    changes.notifyAll()
  }

  /// Forgets the version, since the engine no longer supports it. The next call negotiates again.
  func forget() {
    if case .known = state { state = .unknown }
  }
}
