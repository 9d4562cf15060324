import Foundation

/// A request that has gone to the engine, until its answer has come: what the two directions of a
/// connection have to know of each other. One at a time, as no client of an engine sends a request
/// before it has the answer to the last.
final class Exchange: @unchecked Sendable {
  /// What became of a request.
  enum Outcome {
    /// Answered; the next may come.
    case answered
    /// The connection is the process' own from now on.
    case takenOver
    /// The engine has closed the connection.
    case ended
  }

  private let condition = NSCondition()
  private var route: (route: RequestCheck.Route, method: String)?
  private var outcome = Outcome.answered

  /// A request goes to the engine.
  func begin(_ route: RequestCheck.Route, method: String) {
    condition.withLock { if outcome != .ended { self.route = (route, method) } }
  }

  /// The request that the engine answers; nil where it answers unasked.
  var current: (route: RequestCheck.Route, method: String)? { condition.withLock { route } }

  /// The engine has answered, or ended.
  func end(_ outcome: Outcome) {
    condition.withLock {
      if self.outcome != .ended { self.outcome = outcome }
      route = nil
      condition.broadcast()
    }
  }

  /// Waits for the end of the current request's answer, if there is one; says how it stands.
  func waitForEnd() -> Outcome {
    condition.withLock {
      while route != nil { condition.wait() }
      return outcome
    }
  }
}
