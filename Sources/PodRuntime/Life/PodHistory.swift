import Linux
import PodControl
import Synchronization

/// What has happened to a pod: its last events, for whoever asks and whoever follows. Nobody who reads it holds up the pod.
public final class PodHistory: Sendable {
  /// How many events are kept: the oldest go first.
  public static let capacity = 1_000

  private struct State {
    var events: [PodEvent] = []
    var followers: [Int: AsyncStream<PodEvent>.Continuation] = [:]
    var lastFollower = 0
    var hasEnded = false
    var times = Times()
  }

  /// When the kinds of events came, those that aren't kept any more included.
  struct Times: Sendable {
    /// The first of each kind.
    var first: [PodEvent.Kind: String] = [:]
    /// The last of each kind, up to the moment when the pod ran.
    var last: [PodEvent.Kind: String] = [:]
  }

  private let state = Mutex(State())

  /// Begins an empty history.
  public init() {}

  /// When the kinds of events came.
  var times: Times { state.withLock { $0.times } }

  /// The last events, oldest first.
  public var events: [PodEvent] { state.withLock { $0.events } }

  /// Adds an event of the present moment.
  ///
  /// - Parameters:
  ///   - kind: what happened.
  ///   - service: the service, with `-N` after it where it has several containers; nil for the whole pod.
  ///   - message: the cause, for people.
  ///   - subject: an image, a network, a volume or a hook.
  ///   - container: the container's ID.
  ///   - exitCode: the exit code of a container or hook.
  public func record(
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
      // Under the lock, so that all followers see one order. No continuation's code runs here that could ask for it.
      for follower in state.followers.values { follower.yield(event) }
    }
  }

  /// The events that are kept, and then each that follows, until the pod has ended. A follower that falls behind by more than
  /// `capacity` events loses the oldest of them.
  ///
  /// - Returns: a stream for one reader.
  public func subscribe() -> AsyncStream<PodEvent> {
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

  /// Ends the history: nothing is added any more, and every follower's stream ends.
  func end() {
    let followers = state.withLock { state in
      state.hasEnded = true
      defer { state.followers = [:] }
      return state.followers.values.map { $0 }
    }
    for follower in followers { follower.finish() }
  }
}
