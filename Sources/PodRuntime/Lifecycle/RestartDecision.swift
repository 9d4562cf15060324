import Compose

/// The decision of a restart policy about a container's exit.
enum RestartDecision: Equatable {
  /// It has completed its work.
  case ended
  /// It is restarted.
  case restart
  /// The policy is violated, and the pod fails.
  case failed

  /// Applies a policy.
  ///
  /// - Parameters:
  ///   - policy: the service's policy.
  ///   - exitCode: the container's exit code.
  ///   - restarts: the number of restarts so far.
  ///   - most: the largest number of restarts for policies without a bound of their own; nil for
  ///     any number.
  init(policy: RestartPolicy, exitCode: Int, restarts: Int, most: Int? = nil) {
    switch policy {
    case .always, .unlessStopped:
      if let most, restarts >= most {
        self = exitCode == 0 ? .ended : .failed
      } else {
        self = .restart
      }
    case .no: self = exitCode == 0 ? .ended : .failed
    case .onFailure(let maximum):
      if exitCode == 0 {
        self = .ended
      } else if let maximum, maximum > 0, restarts >= maximum {
        self = .failed
      } else {
        self = .restart
      }
    }
  }
}

/// The pause before a restart, as in Docker: 100 ms, doubled each time up to a minute, and reset
/// after the container has run for ten seconds.
struct RestartBackoff: Equatable {
  private var last: Duration?

  /// The next pause.
  ///
  /// - Parameter ran: how long the container ran.
  /// - Returns: the pause.
  mutating func next(afterRunning ran: Duration) -> Duration {
    let wait: Duration
    if let last, ran < .seconds(10) {
      wait = min(last * 2, .seconds(60))
    } else {
      wait = .milliseconds(100)
    }
    last = wait
    return wait
  }
}
