import TestSupport

/// A fake registry on the loopback interface: it never responds, or has nothing.
final class FalseRegistry: Sendable {
  /// Its behavior.
  enum Manner: Sendable {
    /// Accepts connections and never responds.
    case stalls
    /// Is a registry, and has no image.
    case hasNothing
    /// Is a registry, and denies access.
    case denies
  }

  private let server: FakeHTTPServer

  /// Starts to listen.
  init(_ manner: Manner) throws {
    server = FakeHTTPServer()
    if manner != .stalls {
      server.handle { $1.send(Self.reply(to: $0, manner)) }
    }
    try server.listen(on: .loopback())
  }

  deinit { server.abandon() }

  /// The number of connections.
  var requests: Int { server.accepted }

  /// The name of an image in this registry.
  func image(_ name: String) -> String { "127.0.0.1:\(server.port)/\(name)" }

  // Docker tries TLS first, and concludes from the server's 400 that there is none.
  private static func reply(to request: ServerRequest, _ manner: Manner) -> ServerReply {
    let isPing = request.method == "GET" && request.path == "/v2/"
    let refusal =
      manner == .denies
      ? #"{"errors":[{"code":"DENIED","message":"access is denied"}]}"#
      : #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#
    let body = isPing ? "{}" : refusal
    let status = isPing ? 200 : manner == .denies ? 403 : 404
    return .text(
      "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\n"
        + "Docker-Distribution-Api-Version: registry/2.0\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        + (request.method == "HEAD" ? "" : body))
  }
}
