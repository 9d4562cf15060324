import Synchronization

/// Passes that are due later: over single runs some time after their removal or their executor's
/// exit, and over all pods when a proof is old enough. Their cost is bounded: beyond 256 runs, a
/// pass over all pods replaces them.
final class FollowUps: Sendable {
  private typealias Instant = ContinuousClock.Instant

  private static let waits: [Duration] = [.seconds(1), .seconds(5), .seconds(20)]
  private struct State {
    /// The times by run, the soonest first; nil for all pods.
    var times: [String?: [Instant]] = [:]
    /// When a proof is old enough.
    var proof: Instant?
    var sleeper: Task<Void, Never>?
    /// Whether a time was added since the times were last read.
    var isChanged = false
  }
  private let state = Mutex(State())

  /// Requests passes over a run after one, five and twenty seconds.
  func add(run: String) {
    let now = Instant.now
    change { state in
      let key = state.times.count < 256 || state.times[run] != nil ? run : nil
      state.times[key] = Self.waits.map { now + $0 }
    }
  }

  /// Requests a pass over all pods.
  func addEverything(in wait: Duration) {
    let time = Instant.now + wait
    change { $0.proof = min($0.proof ?? time, time) }
  }

  private func change(_ body: (inout State) -> Void) {
    state.withLock { state in
      body(&state)
      state.isChanged = true
      return state.sleeper
    }?.cancel()
  }

  /// Requests the passes when they are due, until it is canceled.
  ///
  /// - Parameters:
  ///   - requests: receives the requests.
  ///   - note: receives the time of the next pass whenever it changes.
  func run(
    _ requests: PassRequests, noting note: (ContinuousClock.Instant?) -> Void = { _ in }
  ) async {
    while !Task.isCancelled {
      let next = requestDue(requests)
      note(next)
      let sleeper = Task {
        _ = try? await Task.sleep(until: next ?? .now + .seconds(3600), clock: .continuous)
      }
      let isChanged = state.withLock { state in
        state.sleeper = sleeper
        return state.isChanged
      }
      if isChanged { sleeper.cancel() }
      await withTaskCancellationHandler {
        await sleeper.value
      } onCancel: {
        sleeper.cancel()
      }
    }
  }

  /// - Returns: when the next pass is due.
  private func requestDue(_ requests: PassRequests) -> Instant? {
    let now = Instant.now
    return state.withLock { state in
      state.isChanged = false
      if let proof = state.proof, proof <= now {
        state.proof = nil
        requests.addEverything()
      }
      for (run, times) in state.times where times[0] <= now {
        let later = times.filter { $0 > now }
        state.times[run] = later.isEmpty ? nil : later
        if let run { requests.add(run: run) } else { requests.addEverything() }
      }
      return (state.times.values.map { $0[0] } + [state.proof].compactMap { $0 }).min()
    }
  }
}
