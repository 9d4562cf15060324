import HTTPClient

extension DockerEngine {
  /// Asks over a new connection whether the engine serves requests (Engine API, "SystemPing"). An engine that shuts
  /// down has stopped listening, but still serves the connections that were open before.
  ///
  /// - Parameter limit: how long the engine may take.
  /// - Throws: `EngineError`, of kind `timedOut` where it accepts the connection and doesn't respond.
  public func probe(within limit: Duration) async throws {
    let call = EngineCall("GET", "/_ping")
    var request = HTTPRequest(
      endpoint: endpoint.http, method: call.method, path: call.path,
      headers: [("User-Agent", "compose-executor")], connectTimeout: limit, timeout: limit)
    request.opensConnection = true
    do {
      let response = try await http.send(request)
      // Whatever a proxy in between forbids: somebody responds.
      guard response.head.status < 500 else {
        throw call.refusal(status: response.head.status, body: response.body)
      }
    } catch let error as HTTPError {
      throw call.error(error)
    }
  }
}

extension EngineError {
  /// A kind of object that the engine says it doesn't have.
  public enum MissingObject: Sendable, Equatable {
    /// A container, by the ID or name in the message.
    case container
    /// A network.
    case network
    /// A volume.
    case volume
    /// An image.
    case image
  }

  /// Which kind of object the engine doesn't have; nil where the error is another one. The status alone doesn't tell:
  /// a start that misses a network has 404, as one that misses the container.
  public var missing: MissingObject? {
    guard case .status = kind else { return nil }
    let text = message.lowercased()
    if text.contains("no such image") { return .image }
    if text.contains("no such container") { return .container }
    if text.contains("no such volume") { return .volume }
    if text.contains("network"), text.contains("not found") { return .network }
    return nil
  }

  /// Whether the engine didn't respond, so that the same request may succeed once it is back.
  public var isEngineAway: Bool {
    switch kind {
    case .unreachable, .timedOut: true
    case .status, .malformed, .tooOld, .configuration: false
    }
  }
}
