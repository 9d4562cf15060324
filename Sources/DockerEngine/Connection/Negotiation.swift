/// The API version agreed on with the engine: one task asks, the others wait for its answer.
actor Negotiation {
  private enum State {
    case unknown
    case asking
    case known(EngineAbility)
  }

  private enum News: Sendable {
    case version(EngineAbility)
    case failure(EngineError)
    /// The task that asked was cancelled: somebody else has to ask.
    case abandoned
    case cancelled
  }

  private var state = State.unknown
  private var waiters: [Int: CheckedContinuation<News, Never>] = [:]
  private var nextWaiter = 0

  /// The version; calls `ask` if nobody has or does.
  func version(ask: @Sendable () async throws -> EngineAbility) async throws -> EngineAbility {
    while true {
      try Task.checkCancellation()
      switch state {
      case .known(let version): return version
      case .unknown:
        state = .asking
        do {
          let version = try await ask()
          settle(version)
          return version
        } catch {
          state = .unknown
          announce((error as? EngineError).map { .failure($0) } ?? .abandoned)
          throw error
        }
      case .asking:
        switch await news() {
        case .version(let version): return version
        case .failure(let error): throw error
        case .abandoned: continue
        case .cancelled: throw CancellationError()
        }
      }
    }
  }

  func settle(_ version: EngineAbility) {
    state = .known(version)
    announce(.version(version))
  }

  /// The engine no longer speaks that version: asks again with the next call.
  func forget() {
    if case .known = state { state = .unknown }
  }

  private func announce(_ news: News) {
    let told = waiters
    waiters = [:]
    for continuation in told.values { continuation.resume(returning: news) }
  }

  private func news() async -> News {
    nextWaiter += 1
    let id = nextWaiter
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled {
          continuation.resume(returning: .cancelled)
        } else {
          waiters[id] = continuation
        }
      }
    } onCancel: {
      Task { await self.cancel(id) }
    }
  }

  private func cancel(_ id: Int) {
    waiters.removeValue(forKey: id)?.resume(returning: .cancelled)
  }
}
