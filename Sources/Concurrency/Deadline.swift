import Synchronization

extension Task where Success == Void, Failure == Never {
  /// Waits for the task's end, at most so long; the task goes on if it takes longer.
  ///
  /// - Parameters:
  ///   - limit: how long.
  ///   - givesWay: whether the wait ends when the waiting task is canceled.
  /// - Returns: whether it has ended.
  public func hasEnded(within limit: Duration, orCancelled givesWay: Bool = false) async -> Bool {
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

/// What the first of several tasks decides.
private final class Ending: Sendable {
  let change = AsyncCondition()
  private let result = Mutex<Bool?>(nil)

  var hasEnded: Bool? { result.withLock { $0 } }

  func decide(_ hasEnded: Bool) {
    result.withLock { $0 = $0 ?? hasEnded }
    change.notifyAll()
  }
}
