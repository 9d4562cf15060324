import Foundation

/// A request that was sent to the engine and whose response isn't complete. The two directions of a
/// connection share it. There is only one at a time: no client of an engine sends a request before
/// it has the response to the previous one.
final class Exchange: @unchecked Sendable {
  /// The result of a request.
  enum Outcome {
    /// The response is complete. The next request may follow.
    case answered
    /// The connection is a raw stream of the process from now on.
    case takenOver
    /// The engine has closed the connection.
    case ended
  }

  private let condition = NSCondition()
  private var route: (route: RequestCheck.Route, method: String)?
  private var outcome = Outcome.answered

  /// Records that a request is being sent to the engine.
  func begin(_ route: RequestCheck.Route, method: String) {
    condition.withLock { if outcome != .ended { self.route = (route, method) } }
  }

  /// The request to which the engine is responding. Nil if it responds without a request.
  var current: (route: RequestCheck.Route, method: String)? { condition.withLock { route } }

  /// Records that the engine has responded or closed the connection.
  func end(_ outcome: Outcome) {
    condition.withLock {
      if self.outcome != .ended { self.outcome = outcome }
      route = nil
      condition.broadcast()
    }
  }

  /// Waits until the response to the current request, if any, is complete. Returns the result.
  func waitForEnd() -> Outcome {
    condition.withLock {
      while route != nil { condition.wait() }
      return outcome
    }
  }
}
