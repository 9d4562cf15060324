import JSON
import Linux

/// The clocks and random numbers of a session; tests use their own.
package struct SessionDependencies: Sendable {
  /// The time since a fixed moment; it never decreases.
  package var now: @Sendable () -> Duration
  /// Waits; throws `CancellationError`.
  package var sleep: @Sendable (Duration) async throws -> Void
  /// Seconds since 1970.
  package var wallClock: @Sendable () -> Double
  /// A random time between zero and the given time, uniformly distributed.
  package var draw: @Sendable (Duration) -> Duration
  /// The 16 bytes of a new version 4 UUID.
  package var makeUUID: @Sendable () -> Base64Bytes

  /// The given clocks and random numbers.
  package init(
    now: @escaping @Sendable () -> Duration,
    sleep: @escaping @Sendable (Duration) async throws -> Void,
    wallClock: @escaping @Sendable () -> Double,
    draw: @escaping @Sendable (Duration) -> Duration,
    makeUUID: @escaping @Sendable () -> Base64Bytes
  ) {
    self.now = now
    self.sleep = sleep
    self.wallClock = wallClock
    self.draw = draw
    self.makeUUID = makeUUID
  }

  /// The system's clocks and random numbers.
  package static var system: SessionDependencies {
    let start = ContinuousClock.now
    return SessionDependencies(
      now: { ContinuousClock.now - start },
      sleep: { try await Task.sleep(for: $0) },
      wallClock: { WallClock.preciseSeconds },
      draw: { $0 * Double.random(in: 0...1) },
      makeUUID: { .uuid() })
  }
}

/// Limits for an agent's faults.
package struct SessionLimits: Sendable {
  /// How long an agent that has accepted the subscription may refuse calls (401, 403).
  package var refusal: Duration
  /// How long an agent may take to accept the first subscription, if this is longer than the
  /// recovery timeout or there is none.
  package var registration: Duration
  /// The least time for which the stream may be silent once it has carried two heartbeats; three of
  /// their intervals if that is longer.
  package var silence: Duration
  /// How often the agent may refuse an update before the update is dropped in favor of a later one
  /// of its task.
  package var updateAttempts: Int
  /// The longest wait before an update is sent again.
  package var updateBackoff: Duration
  /// The shortest wait before the next attempt to subscribe.
  package var leastBackoff: Duration
  /// The number of events of one stream that may be unreadable.
  package var unreadableEvents: Int

  /// Limits; by default 60 s for refusals, 15 s for the first subscription, 90 s of silence.
  package init(
    refusal: Duration = .seconds(60), registration: Duration = .seconds(15),
    silence: Duration = .seconds(90), updateAttempts: Int = 5,
    updateBackoff: Duration = .seconds(30), leastBackoff: Duration = .milliseconds(100),
    unreadableEvents: Int = 100
  ) {
    self.refusal = refusal
    self.registration = registration
    self.silence = silence
    self.updateAttempts = updateAttempts
    self.updateBackoff = updateBackoff
    self.leastBackoff = leastBackoff
    self.unreadableEvents = unreadableEvents
  }
}

/// The longest times of a session's calls.
package struct SessionDeadlines: Sendable {
  /// The time to connect, including TLS.
  package var connect: Duration
  /// The time of an UPDATE, from the request to the end of the response.
  package var call: Duration
  /// The time of a SUBSCRIBE, from the request to the head of the response.
  package var subscribe: Duration

  /// Deadlines; by default 5 s to connect and 30 s for a call, which is enough for an agent under
  /// load.
  package init(
    connect: Duration = .seconds(5), call: Duration = .seconds(30),
    subscribe: Duration = .seconds(30)
  ) {
    self.connect = connect
    self.call = call
    self.subscribe = subscribe
  }
}
