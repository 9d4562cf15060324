import HTTPClient
import JSON

extension DockerEngine {
  /// Sends a call with the negotiated API version and returns the complete response, whose status
  /// is a success.
  @discardableResult
  func send(_ call: EngineCall) async throws -> HTTPResponse {
    let version = try await ability().version
    let path = "/v\(version)\(call.path)"
    do {
      guard let kind = call.kind else { return try await whole(call, path: path) }
      return try await limiter.run(kind) { try await whole(call, path: path) }
    } catch let error as EngineError {
      throw await forgettingVersion(after: error)
    }
  }

  /// Sends a call and decodes the response as JSON.
  func decoded<T: Decodable>(_ call: EngineCall) async throws -> T {
    let response = try await send(call)
    return try decode(response.body, call)
  }

  func decode<T: Decodable>(_ body: [UInt8], _ call: EngineCall) throws -> T {
    do {
      return try JSONDecoder().decode(T.self, from: body)
    } catch {
      throw call.error(.malformed, "unexpected response: \(decodingFault(error))")
    }
  }

  /// Sends a call and returns its body as a stream once the head of a successful response has
  /// arrived.
  func stream(_ call: EngineCall, bodyTimeout: Duration? = nil) async throws
    -> HTTPStreamingResponse
  {
    let version = try await ability().version
    do {
      var request = request(call, path: "/v\(version)\(call.path)")
      request.bodyTimeout = bodyTimeout
      let response = try await http.stream(request)
      guard 200..<300 ~= response.head.status else {
        let text = try await response.body.collect(upTo: 1 << 20)
        throw call.refusal(status: response.head.status, body: text)
      }
      return response
    } catch let error as HTTPError {
      throw call.error(error)
    } catch let error as EngineError {
      throw await forgettingVersion(after: error)
    }
  }

  func whole(_ call: EngineCall, path: String) async throws -> HTTPResponse {
    let response: HTTPResponse
    do {
      response = try await http.send(request(call, path: path))
    } catch let error as HTTPError {
      throw call.error(error)
    }
    let status = response.head.status
    guard 200..<300 ~= status || call.accepted.contains(status) else {
      throw call.refusal(status: status, body: response.body)
    }
    return response
  }

  func request(_ call: EngineCall, path: String) -> HTTPRequest {
    let limit = max(requestTimeout, Self.patience.map { $0 - .now } ?? .zero)
    var request = HTTPRequest(
      endpoint: endpoint.http, method: call.method, path: path, query: call.query,
      headers: call.headers + [("User-Agent", "compose-executor")], body: call.body,
      connectTimeout: min(.seconds(10), requestTimeout), timeout: limit + call.extraTime)
    // curl itself repeats a request when its reused connection closes without a response. The
    // engine would then create an object twice.
    request.opensConnection = call.method == "POST"
    return request
  }

  /// Forgets the version after an error about it. An engine that was replaced by an older one
  /// reports "client version 1.47 is too new". An engine too new for DOCKER_API_VERSION reports
  /// "client version 1.25 is too old".
  private func forgettingVersion(after error: EngineError) async -> EngineError {
    guard error.kind == .status(400), error.message.contains("client version") else { return error }
    await negotiation.forget()
    guard cap < .newest, error.message.contains("too old") else { return error }
    return EngineError(
      kind: error.kind, method: error.method, path: error.path,
      message: "DOCKER_API_VERSION is \(cap): \(error.message)")
  }
}

/// The location and the description of a decoding error.
func decodingFault(_ error: any Error) -> String {
  guard let error = error as? DecodingError else { return "\(error)" }
  let context: DecodingError.Context
  switch error {
  case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
    .dataCorrupted(let found):
    context = found
  @unknown default: return "\(error)"
  }
  let location = context.codingPath.map(\.stringValue).joined(separator: ".")
  return location.isEmpty ? context.debugDescription : "\(location): \(context.debugDescription)"
}
