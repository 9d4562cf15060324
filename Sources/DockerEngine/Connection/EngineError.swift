/// Why the engine did not do what it was asked. A cancelled task gets `CancellationError` instead.
public struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Kind: Sendable, Equatable {
    /// No connection, or it broke before the answer was whole.
    case unreachable
    /// The engine did not answer within the deadline.
    case timedOut
    /// The engine refused, with this HTTP status (also for errors inside a stream, as far as their text tells).
    case status(Int)
    /// The answer is not what the Engine API says.
    case malformed
    /// The engine's API is older than this program needs.
    case tooOld
    /// The endpoint or a request can't be used as it was given.
    case configuration
  }

  /// What kind of failure it is.
  public let kind: Kind
  /// The request's method; empty where there was no request.
  public let method: String
  /// The request's path without API version and query; empty where there was no request.
  public let path: String
  /// What happened; for a status the engine's own words. One line.
  public let message: String

  /// An error; line ends in the message become spaces.
  public init(kind: Kind, method: String = "", path: String = "", message: String) {
    self.kind = kind
    self.method = method
    self.path = path
    self.message = message.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// Whether the engine knows no such object (404).
  public var isNotFound: Bool { kind == .status(404) }

  /// Whether the engine was reached and did not do what it was asked, or its response makes no sense.
  package var isRefusal: Bool {
    if case .status = kind { true } else { kind == .malformed }
  }

  /// Whether the object is in a state that forbids the request, or its name is taken (409).
  public var isConflict: Bool {
    guard case .status(let status) = kind else { return false }
    // Older engines answer 403 or 500 where a network's name is taken.
    let isTaken = message.contains("network with name") && message.contains("already exists")
    return status == 409 || isTaken
  }

  /// One line: what was asked, and what came of it.
  public var description: String {
    if method.isEmpty { return "Docker Engine: \(message)" }
    if case .status(let status) = kind {
      return "Docker Engine: \(method) \(path): \(message) (\(status))"
    }
    return "Docker Engine: \(method) \(path): \(message)"
  }
}
