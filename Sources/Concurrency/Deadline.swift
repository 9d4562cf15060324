import Synchronization

extension Task where Success == Void, Failure == Never {
  /// Waits until the task has completed, but no longer than a limit. The task continues after the
  /// limit.
  ///
  /// - Parameters:
  ///   - limit: the longest wait.
  ///   - givesWay: whether the wait stops when the waiting task is canceled.
  /// - Returns: whether the task has completed.
  package func hasEnded(within limit: Duration, orCancelled givesWay: Bool = false) async -> Bool {
    let ending = Ending()
    let watch = Task<Void, Never> {
      await self.value
      ending.decide(true)
    }
    let clock = Task<Void, Never> {
      try? await Task<Never, Never>.sleep(for: limit)
      ending.decide(false)
    }
    defer { clock.cancel() }
    while true {
      let seen = ending.change.generation
      if let hasEnded = ending.hasEnded {
        if !hasEnded { watch.cancel() }
        return hasEnded
      }
      if !givesWay {
        await ending.change.waitUncanceled(after: seen)
      } else if (try? await ending.change.wait(after: seen)) == nil {
        ending.decide(false)
      }
    }
  }
}

/// A result that the first of several tasks sets.
private final class Ending: Sendable {
  let change = AsyncCondition()
  private let result = Mutex<Bool?>(nil)

  var hasEnded: Bool? { result.withLock { $0 } }

  func decide(_ hasEnded: Bool) {
    result.withLock { $0 = $0 ?? hasEnded }
    change.notifyAll()
  }
}
