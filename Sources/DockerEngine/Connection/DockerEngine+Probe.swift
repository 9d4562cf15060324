import HTTPClient

extension DockerEngine {
  /// Checks over a new connection whether the engine serves requests (Engine API, "SystemPing"). An
  /// engine that is shutting down has stopped listening, but still serves connections that were
  /// opened before.
  ///
  /// - Parameter limit: How long the engine may take.
  /// - Throws: `EngineError`, of kind `timedOut` if the engine accepts the connection and doesn't
  ///   respond.
  package func probe(within limit: Duration) async throws {
    let call = EngineCall("GET", "/_ping")
    var request = HTTPRequest(
      endpoint: endpoint.http, method: call.method, path: call.path,
      headers: [("User-Agent", "compose-executor")], connectTimeout: limit, timeout: limit)
    request.opensConnection = true
    do {
      let response = try await http.send(request)
      // A proxy may forbid the request with a status below 500. That is a response too.
      guard response.head.status < 500 else {
        throw call.refusal(status: response.head.status, body: response.body)
      }
    } catch let error as HTTPError {
      throw call.error(error)
    }
  }
}

extension EngineError {
  /// A kind of object that the engine reports as missing.
  package enum MissingObject: Sendable, Equatable {
    /// A container, by the ID or name in the message.
    case container
    /// A network.
    case network
    /// A volume.
    case volume
    /// An image.
    case image
  }

  /// The kind of the missing object. Nil for any other error. The status isn't sufficient: the
  /// engine returns 404 for a start that misses a network, as for a start that misses the
  /// container.
  package var missing: MissingObject? {
    guard case .status = kind else { return nil }
    let text = message.lowercased()
    if text.contains("no such image") { return .image }
    if text.contains("no such container") { return .container }
    if text.contains("no such volume") { return .volume }
    if text.contains("network"), text.contains("not found") { return .network }
    return nil
  }

  /// Whether the engine didn't respond. The same request may succeed once the engine is back.
  package var isEngineAway: Bool {
    switch kind {
    case .unreachable, .timedOut: true
    case .status, .malformed, .tooOld, .configuration: false
    }
  }
}
