import MesosExecutor
import Synchronization
import TestSupport

/// A clock that only a test advances.
final class TestClock: Sendable {
  private struct Sleeper {
    let due: Duration
    let continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var now = Duration.zero
    var nextID = 0
    var sleepers: [Int: Sleeper] = [:]
    var draws: [Duration] = []
  }

  private let state = Mutex(State())

  var now: Duration { state.withLock { $0.now } }
  /// The limits of all random draws.
  var draws: [Duration] { state.withLock { $0.draws } }

  /// The timing of a session with this clock. Each draw gives `fraction` of its limit.
  func timing(fraction: Double = 1) -> SessionDependencies {
    var timing = SessionDependencies.system
    timing.now = { self.now }
    timing.sleep = { try await self.sleep($0) }
    timing.wallClock = { 1_000_000.25 }
    timing.draw = { limit in
      self.state.withLock { $0.draws.append(limit) }
      return limit * fraction
    }
    return timing
  }

  func advance(by time: Duration) {
    let due = state.withLock { state in
      state.now += time
      let due = state.sleepers.filter { $0.value.due <= state.now }
      for id in due.keys { state.sleepers[id] = nil }
      return due.values.map(\.continuation)
    }
    for continuation in due { continuation.resume() }
  }

  /// Waits until a task sleeps for this long, and then advances the clock by that time.
  func passSleep(of time: Duration) async throws {
    try await eventually("somebody sleeps for \(time)") {
      state.withLock { state in state.sleepers.values.contains { $0.due == state.now + time } }
    }
    advance(by: time)
  }

  private func sleep(_ time: Duration) async throws {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if time <= .zero || Task.isCancelled { return true }
          state.sleepers[id] = Sleeper(due: state.now + time, continuation: continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume()
    }
    try Task.checkCancellation()
  }
}
