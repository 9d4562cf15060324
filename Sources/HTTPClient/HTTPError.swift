/// The reason why a request got no complete response. A canceled task gets `CancellationError`
/// instead.
package struct HTTPError: Error, Sendable, CustomStringConvertible {
  /// The kind of a failure.
  package enum Kind: Sendable, Equatable {
    /// The client can't connect: the socket or host doesn't exist, refuses, isn't permitted, or
    /// doesn't respond.
    case unreachable
    /// The TLS handshake failed, or its files can't be used.
    case tls
    /// The request's deadline passed.
    case timedOut
    /// The connection broke before the response was complete.
    case connectionLost
    /// The body is larger than the request allows.
    case tooLarge
    /// The response is not HTTP.
    case malformed
    /// The request is invalid and can't be sent.
    case invalidRequest
  }

  /// The kind of the failure.
  package let kind: Kind
  /// The method and path of the request.
  package let request: String
  /// The failure and the endpoint, in one line.
  package let reason: String

  /// Creates an error.
  package init(kind: Kind, request: String, reason: String) {
    self.kind = kind
    self.request = request
    self.reason = reason
  }

  /// The request and the failure.
  package var description: String { "\(request): \(reason)" }
}
