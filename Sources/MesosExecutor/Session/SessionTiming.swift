import FoundationEssentials

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
  /// A new version 4 UUID.
  public var makeUUID: @Sendable () -> UUID

  /// The given sources.
  public init(
    now: @escaping @Sendable () -> Duration,
    sleep: @escaping @Sendable (Duration) async throws -> Void,
    wallClock: @escaping @Sendable () -> Double,
    draw: @escaping @Sendable (Duration) -> Duration,
    makeUUID: @escaping @Sendable () -> UUID
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
      wallClock: { Date().timeIntervalSince1970 },
      draw: { $0 * Double.random(in: 0...1) },
      makeUUID: { UUID() })
  }
}

/// How long a session's calls may take.
public struct SessionDeadlines: Sendable {
  /// To connect, TLS included.
  public var connect: Duration
  /// An UPDATE or MESSAGE, from the request to the end of the answer.
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
