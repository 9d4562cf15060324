import HTTPClient

/// A client of one Docker Engine (Engine API 1.40 to 1.51), for any number of tasks at once.
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
  public init(
    endpoint: EngineEndpoint, requestTimeout: Duration = .seconds(60), limitsRequests: Bool = true
  ) {
    self.endpoint = endpoint
    self.requestTimeout = requestTimeout
    limiter = limitsRequests ? RequestLimiter() : RequestLimiter { _ in .max }
    http = HTTPClient()
  }

  /// Asks the engine whether it is there, and agrees with it on an API version anew (Engine API, "SystemPing").
  /// - Throws: `EngineError`, of kind `tooOld` for an engine older than API 1.40.
  public func ping() async throws -> EnginePing {
    let call = EngineCall("GET", "/_ping")
    let response = try await whole(call, path: "/_ping")
    guard let text = response.head.header("Api-Version"), let version = APIVersion(text) else {
      throw call.error(
        .malformed, "the answer names no API version: is \(endpoint) a Docker Engine?")
    }
    guard version >= .oldest else {
      throw call.error(
        .tooOld,
        "the engine at \(endpoint) speaks API \(version), this program needs \(APIVersion.oldest) or newer"
      )
    }
    let ping = EnginePing(
      engineAPIVersion: version, apiVersion: min(version, .newest),
      osType: response.head.header("OSType") ?? "", server: response.head.header("Server") ?? "",
      date: response.head.header("Date") ?? "")
    await negotiation.settle(ping.apiVersion)
    return ping
  }

  /// The API version in use, agreed on with the engine if it has not been yet.
  /// - Throws: `EngineError`, as `ping`.
  public func apiVersion() async throws -> APIVersion {
    try await negotiation.version { try await self.ping().apiVersion }
  }

  /// The engine and its host (Engine API, "SystemInfo").
  /// - Throws: `EngineError`.
  public func info() async throws -> EngineInfo {
    try await decoded(EngineCall("GET", "/info"))
  }
}
