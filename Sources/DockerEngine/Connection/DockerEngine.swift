import HTTPClient

/// A client of one Docker Engine (Engine API 1.25 to 1.51), for any number of tasks at once.
///
/// Every call but a stream has a deadline and ends at once when its task is cancelled (the engine may still carry
/// out what it was asked). Connections are used again; one thread serves all calls and streams.
///
/// Calls throw `EngineError`, or `CancellationError` when their task is cancelled.
public final class DockerEngine: Sendable {
  /// Where the engine listens.
  public let endpoint: EngineEndpoint
  /// How long the engine may take to answer, at least: see `patience`.
  public let requestTimeout: Duration
  /// The newest API version to use, at most `APIVersion.newest`.
  let cap: APIVersion
  let http: HTTPClient
  let limiter: RequestLimiter
  let negotiation = Negotiation()

  /// Until when the calls of this task, and of those that it starts, may wait for an answer; where that is sooner than
  /// `requestTimeout` from when they are sent, or nil, that long. A busy host is slow, and a launch has its own deadline.
  @TaskLocal public static var patience: ContinuousClock.Instant?

  /// A client; nothing is sent before the first call.
  /// - Parameters:
  ///   - endpoint: Where the engine listens.
  ///   - requestTimeout: How long it may take to answer, at least.
  ///   - limitsRequests: Whether of each kind of request only so many are sent at once; false for who has limits of
  ///     its own.
  ///   - cap: The newest API version to use.
  public init(
    endpoint: EngineEndpoint, requestTimeout: Duration = .seconds(60), limitsRequests: Bool = true,
    cap: APIVersion = .newest
  ) {
    self.endpoint = endpoint
    self.cap = min(cap, .newest)
    self.requestTimeout = requestTimeout
    limiter = limitsRequests ? RequestLimiter() : RequestLimiter { _ in .max }
    http = HTTPClient()
  }

  /// A client of the engine that an environment names: `EngineEndpoint.from`, `APIVersion.cap`.
  /// - Throws: `EngineError` of kind `configuration`, naming the variable.
  public convenience init(
    environment: [String: String], requestTimeout: Duration = .seconds(60),
    limitsRequests: Bool = true
  ) throws {
    self.init(
      endpoint: try .from(environment: environment), requestTimeout: requestTimeout,
      limitsRequests: limitsRequests, cap: try .cap(environment: environment))
  }

  /// Asks the engine whether it is there, and agrees with it on an API version anew (Engine API, "SystemPing").
  /// - Throws: `EngineError`, of kind `tooOld` for an engine older than API 1.25.
  public func ping() async throws -> EnginePing {
    let call = EngineCall("GET", "/_ping")
    let response = try await whole(call, path: "/_ping")
    let server = response.head.header("Server") ?? ""
    guard let text = response.head.header("Api-Version"), let version = APIVersion(text) else {
      // Docker 1.12 and earlier name only themselves.
      guard !server.hasPrefix("Docker/") else {
        throw call.error(
          .tooOld,
          "the engine at \(endpoint) is \(server), this program needs API \(APIVersion.oldest) "
            + "or newer (Docker \(APIVersion.oldest.engine))")
      }
      throw call.error(
        .malformed, "the answer names no API version: is \(endpoint) a Docker Engine?")
    }
    guard version >= .oldest else {
      throw call.error(
        .tooOld,
        "the engine at \(endpoint) speaks API \(version), this program needs "
          + "\(APIVersion.oldest) or newer (Docker \(APIVersion.oldest.engine))")
    }
    let ping = EnginePing(
      engineAPIVersion: version, apiVersion: min(version, cap),
      osType: response.head.header("OSType") ?? "", server: server,
      date: response.head.header("Date") ?? "")
    await negotiation.settle(ability(by: ping))
    return ping
  }

  private func ability(by ping: EnginePing) -> EngineAbility {
    EngineAbility(
      ping.apiVersion, isCapped: ping.apiVersion < min(ping.engineAPIVersion, .newest))
  }

  /// What the engine can do: the API version in use, agreed on if that has not been done yet.
  /// - Throws: `EngineError`, as `ping`.
  public func ability() async throws -> EngineAbility {
    try await negotiation.version { self.ability(by: try await self.ping()) }
  }

  /// Whether the engine has responded to this client before: it exists, and one that can't be reached now is away.
  public var hasResponded: Bool { get async { await negotiation.isSettled } }

  /// The engine and its host (Engine API, "SystemInfo").
  /// - Throws: `EngineError`.
  public func info() async throws -> EngineInfo {
    try await decoded(EngineCall("GET", "/info"))
  }
}
