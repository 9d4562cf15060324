/// The reason why a request to the engine failed. A canceled task gets `CancellationError` instead.
package struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kind of a failure.
  package enum Kind: Sendable, Equatable {
    /// The client can't connect, or the connection broke before the response was complete.
    case unreachable
    /// The engine did not respond within the deadline.
    case timedOut
    /// The engine refused with this HTTP status. For an error inside a stream, the status is
    /// derived from its text.
    case status(Int)
    /// The response doesn't follow the Engine API.
    case malformed
    /// The engine's API is older than this program requires.
    case tooOld
    /// The endpoint or the request is invalid.
    case configuration
  }

  /// The kind of the failure.
  package let kind: Kind
  /// The request's method. Empty if there was no request.
  package let method: String
  /// The request's path without API version and query. Empty if there was no request.
  package let path: String
  /// The description of the failure, in one line. For a status it is the engine's own text.
  package let message: String

  /// Creates an error. Line breaks in the message become spaces.
  package init(kind: Kind, method: String = "", path: String = "", message: String) {
    self.kind = kind
    self.method = method
    self.path = path
    self.message = message.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// Whether the engine has no such object (404).
  package var isNotFound: Bool { kind == .status(404) }

  /// Whether the engine was reached and refused the request, or sent a malformed response.
  package var isRefusal: Bool {
    if case .status = kind { true } else { kind == .malformed }
  }

  /// Whether the state of the object forbids the request, or its name is in use (409).
  package var isConflict: Bool {
    guard case .status(let status) = kind else { return false }
    // Older engines return 403 or 500 if a network's name is in use.
    let isTaken = message.contains("network with name") && message.contains("already exists")
    return status == 409 || isTaken
  }

  /// The request and the failure, in one line.
  package var description: String {
    if method.isEmpty { return "Docker Engine: \(message)" }
    if case .status(let status) = kind {
      return "Docker Engine: \(method) \(path): \(message) (\(status))"
    }
    return "Docker Engine: \(method) \(path): \(message)"
  }
}
