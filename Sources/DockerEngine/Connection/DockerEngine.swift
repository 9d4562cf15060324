import HTTPClient

/// A client of one Docker Engine (Engine API 1.25 to 1.51). Any number of tasks may use it
/// concurrently.
///
/// Every call except a stream has a deadline and returns at once when its task is canceled. The
/// engine may still complete the request. Connections are reused. One thread serves all calls and
/// streams.
///
/// Calls throw `EngineError`, or `CancellationError` when their task is canceled.
package final class DockerEngine: Sendable {
  /// The address at which the engine listens.
  package let endpoint: EngineEndpoint
  /// The shortest time limit for a response. `patience` can extend it.
  package let requestTimeout: Duration
  /// The newest API version to use, at most `APIVersion.newest`.
  let cap: APIVersion
  let http: HTTPClient
  let limiter: RequestLimiter
  let negotiation = Negotiation()

  /// The time until which the calls of this task and of its child tasks may wait for a response. A
  /// call may always wait for `requestTimeout` after it was sent, also if this time is earlier or
  /// nil. A busy host responds slowly, and a launch has its own deadline.
  @TaskLocal package static var patience: ContinuousClock.Instant?

  /// Creates a client. It sends nothing before the first call.
  /// - Parameters:
  ///   - endpoint: The address at which the engine listens.
  ///   - requestTimeout: The shortest time limit for a response.
  ///   - limitsRequests: Whether the client limits the number of concurrent requests of each kind.
  ///     False for a caller that has limits of its own.
  ///   - cap: The newest API version to use.
  package init(
    endpoint: EngineEndpoint, requestTimeout: Duration = .seconds(60), limitsRequests: Bool = true,
    cap: APIVersion = .newest
  ) {
    self.endpoint = endpoint
    self.cap = min(cap, .newest)
    self.requestTimeout = requestTimeout
    limiter = limitsRequests ? RequestLimiter() : RequestLimiter { _ in .max }
    http = HTTPClient()
  }

  /// Creates a client of the engine that an environment names: see `EngineEndpoint.from` and
  /// `APIVersion.cap`.
  /// - Throws: `EngineError` of kind `configuration`, naming the variable.
  package convenience init(
    environment: [String: String], requestTimeout: Duration = .seconds(60),
    limitsRequests: Bool = true
  ) throws {
    self.init(
      endpoint: try .from(environment: environment), requestTimeout: requestTimeout,
      limitsRequests: limitsRequests, cap: try .cap(environment: environment))
  }

  /// Checks that the engine responds, and negotiates the API version anew (Engine API,
  /// "SystemPing").
  /// - Throws: `EngineError`, of kind `tooOld` for an engine older than API 1.25.
  package func ping() async throws -> EnginePing {
    let call = EngineCall("GET", "/_ping")
    let response = try await whole(call, path: "/_ping")
    let server = response.head.header("Server") ?? ""
    guard let text = response.head.header("Api-Version"), let version = APIVersion(text) else {
      // Docker 1.12 and earlier report only their name.
      guard !server.hasPrefix("Docker/") else {
        throw call.error(
          .tooOld,
          "the engine at \(endpoint) is \(server), but this program needs API \(APIVersion.oldest) "
            + "or newer (Docker \(APIVersion.oldest.engine))")
      }
      throw call.error(
        .malformed, "the response has no API version: is \(endpoint) a Docker Engine?")
    }
    guard version >= .oldest else {
      throw call.error(
        .tooOld,
        "the engine at \(endpoint) has API \(version), but this program needs "
          + "\(APIVersion.oldest) or newer (Docker \(APIVersion.oldest.engine))")
    }
    let ping = EnginePing(
      engineAPIVersion: version, apiVersion: min(version, cap),
      osType: response.head.header("OSType") ?? "", server: server,
      date: response.head.header("Date") ?? "")
    await negotiation.resolve(ability(by: ping))
    return ping
  }

  private func ability(by ping: EnginePing) -> EngineAbility {
    EngineAbility(
      ping.apiVersion, isCapped: ping.apiVersion < min(ping.engineAPIVersion, .newest))
  }

  /// The ability of the engine: the API version in use. Negotiates it if that hasn't been done yet.
  /// - Throws: `EngineError`, as `ping`.
  package func ability() async throws -> EngineAbility {
    try await negotiation.version { self.ability(by: try await self.ping()) }
  }

  /// Whether the engine has responded to this client before. Such an engine exists; if it can't be
  /// reached now, it is away.
  package var hasResponded: Bool { get async { await negotiation.isKnown } }

  /// Information about the engine and its host (Engine API, "SystemInfo").
  /// - Throws: `EngineError`.
  package func info() async throws -> EngineInfo {
    try await decoded(EngineCall("GET", "/info"))
  }
}
