import JSON
import Linux

/// Where a session has its time and its chance from; tests pass their own.
public struct SessionTiming: Sendable {
  /// Time since some moment; never goes back.
  public var now: @Sendable () -> Duration
  /// Waits; throws `CancellationError`.
  public var sleep: @Sendable (Duration) async throws -> Void
  /// Seconds since 1970.
  public var wallClock: @Sendable () -> Double
  /// A time between zero and this, each as likely as the others.
  public var draw: @Sendable (Duration) -> Duration
  /// The 16 bytes of a new version 4 UUID.
  public var makeUUID: @Sendable () -> Base64Bytes

  /// The given sources.
  public init(
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

  /// The machine's clocks and random numbers.
  public static var system: SessionTiming {
    let start = ContinuousClock.now
    return SessionTiming(
      now: { ContinuousClock.now - start },
      sleep: { try await Task.sleep(for: $0) },
      wallClock: { WallClock.preciseSeconds },
      draw: { $0 * Double.random(in: 0...1) },
      makeUUID: { .uuid() })
  }
}

/// How much of what an agent does wrong a session bears.
public struct SessionLimits: Sendable {
  /// How long an agent that has accepted the subscription may refuse calls (401, 403).
  public var refusal: Duration
  /// How long an agent may take to accept the first subscription, where the recovery timeout is shorter, or there is none.
  public var registration: Duration
  /// How long the stream may be silent, at least, once it has carried two heartbeats; else three of their intervals.
  public var silence: Duration
  /// How often the agent may refuse an update before it is given up for a later one of its task.
  public var updateAttempts: Int
  /// The longest wait before an update is sent again.
  public var updateBackoff: Duration
  /// The shortest wait before the next try to subscribe.
  public var leastBackoff: Duration
  /// How many events of one stream may be unreadable.
  public var unreadableEvents: Int

  /// Limits; by default a minute for refusals, 15 s for the first subscription, 90 s of silence.
  public init(
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

/// How long a session's calls may take.
public struct SessionDeadlines: Sendable {
  /// To connect, TLS included.
  public var connect: Duration
  /// An UPDATE, from the request to the end of the answer.
  public var call: Duration
  /// A SUBSCRIBE, from the request to the head of its answer.
  public var subscribe: Duration

  /// Deadlines; by default 5 s to connect and 30 s for a call, enough for an agent under load.
  public init(
    connect: Duration = .seconds(5), call: Duration = .seconds(30),
    subscribe: Duration = .seconds(30)
  ) {
    self.connect = connect
    self.call = call
    self.subscribe = subscribe
  }
}
