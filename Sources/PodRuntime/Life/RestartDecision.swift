import Compose

/// What follows from a container's end under its restart policy.
enum RestartDecision: Equatable {
  /// It has done its work.
  case ended
  /// It is started again.
  case restart
  /// The policy is violated: the pod fails.
  case failed

  /// Decides.
  ///
  /// - Parameters:
  ///   - policy: the service's policy.
  ///   - exitCode: the container's exit code.
  ///   - restarts: how often it was started again before.
  ///   - most: how often it may be, where its policy has no bound of its own; nil for any number.
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

/// The wait before a restart, as Docker does it: 100 ms, doubled each time up to a minute, from the
/// beginning again once a container has run for ten seconds.
struct RestartBackoff: Equatable {
  private var last: Duration?

  /// The next wait.
  ///
  /// - Parameter ran: how long the container ran.
  /// - Returns: how long to wait.
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
