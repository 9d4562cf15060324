/// Why a request got no answer, or not a whole one. A cancelled task gets `CancellationError` instead.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
  /// What failed.
  public enum Kind: Sendable, Equatable {
    /// No connection: no such socket or host, refused, not allowed, or no answer to the connect.
    case unreachable
    /// The TLS handshake failed, or its files could not be used.
    case tls
    /// The request's deadline passed.
    case timedOut
    /// The connection broke before the answer was whole.
    case connectionLost
    /// The body is larger than the request allows.
    case tooLarge
    /// The answer is not HTTP.
    case malformed
    /// The request can't be sent as it is.
    case invalidRequest
  }

  /// What failed.
  public let kind: Kind
  /// Method and path of the request.
  public let request: String
  /// What happened, and at which endpoint; one line.
  public let reason: String

  /// An error.
  public init(kind: Kind, request: String, reason: String) {
    self.kind = kind
    self.request = request
    self.reason = reason
  }

  /// What was being done, to what, and what happened.
  public var description: String { "\(request): \(reason)" }
}
