import Linux
import PodControl
import Synchronization

/// The events of a pod, for readers and followers. They never delay the pod.
package final class PodHistory: Sendable {
  /// The number of events that are kept; older ones are dropped.
  package static let capacity = 1_000

  private struct State {
    var events: [PodEvent] = []
    var followers: [Int: AsyncStream<PodEvent>.Continuation] = [:]
    var lastFollower = 0
    var hasEnded = false
    var times = Times()
  }

  /// The times of events by kind, including events that are no longer kept.
  struct Times: Sendable {
    /// The first event of each kind.
    var first: [PodEvent.Kind: String] = [:]
    /// The last event of each kind before the pod was running.
    var last: [PodEvent.Kind: String] = [:]
  }

  private let state = Mutex(State())

  /// Creates an empty history.
  package init() {}

  /// The times of events by kind.
  var times: Times { state.withLock { $0.times } }

  /// The events that are kept, oldest first.
  package var events: [PodEvent] { state.withLock { $0.events } }

  /// Adds an event with the current time.
  ///
  /// - Parameters:
  ///   - kind: the kind of event.
  ///   - service: the service, with `-N` after it if it has several containers; nil for the whole
  ///     pod.
  ///   - message: the cause, for people.
  ///   - subject: an image, a network, a volume or a hook.
  ///   - container: the container's ID.
  ///   - exitCode: the exit code of a container or hook.
  package func record(
    _ kind: PodEvent.Kind, service: String? = nil, _ message: String = "", subject: String? = nil,
    container: String? = nil, exitCode: Int? = nil
  ) {
    state.withLock { state in
      guard !state.hasEnded else { return }
      let event = PodEvent(
        time: WallClock.now, event: kind.rawValue, service: service, message: message,
        subject: subject, container: container, exitCode: exitCode)
      if state.times.first[kind] == nil { state.times.first[kind] = event.time }
      if state.times.first[.podRunning] == nil { state.times.last[kind] = event.time }
      if state.events.count >= Self.capacity { state.events.removeFirst() }
      state.events.append(event)
      // Under the lock, so that all followers receive the same order. `yield` runs no code that
      // could take it.
      for follower in state.followers.values { follower.yield(event) }
    }
  }

  /// The events that are kept, then each new one until the pod has ended. A follower that is more
  /// than `capacity` events behind loses the oldest of them.
  ///
  /// - Returns: a stream for one reader.
  package func subscribe() -> AsyncStream<PodEvent> {
    let (stream, follower) = AsyncStream.makeStream(
      of: PodEvent.self, bufferingPolicy: .bufferingNewest(2 * Self.capacity))
    let number = state.withLock { state in
      state.lastFollower += 1
      for event in state.events { follower.yield(event) }
      if !state.hasEnded { state.followers[state.lastFollower] = follower }
      return state.hasEnded ? nil : state.lastFollower
    }
    guard let number else {
      follower.finish()
      return stream
    }
    follower.onTermination = { [weak self] _ in
      _ = self?.state.withLock { $0.followers.removeValue(forKey: number) }
    }
    return stream
  }

  /// Closes the history: no event is added any more, and all streams finish.
  func end() {
    let followers = state.withLock { state in
      state.hasEnded = true
      defer { state.followers = [:] }
      return state.followers.values.map { $0 }
    }
    for follower in followers { follower.finish() }
  }
}
