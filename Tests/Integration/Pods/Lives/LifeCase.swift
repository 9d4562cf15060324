/// An action on a pod.
enum LifeAction: Sendable, Equatable, CustomStringConvertible {
  /// The service's process exits with a code, as soon as it runs.
  case exit(String, code: Int)
  /// Another client has the engine send SIGKILL.
  case kill(String)
  /// Another client runs `docker stop -t 1`.
  case stop(String)
  /// The health check of the service fails from then on.
  case sicken(String)
  /// The executor receives TERM.
  case term

  /// The service that the action affects.
  var service: String? {
    switch self {
    case .exit(let name, _), .kill(let name), .stop(let name), .sicken(let name): name
    case .term: nil
    }
  }

  var description: String {
    switch self {
    case .exit(let name, let code): "\(name) exits with \(code)"
    case .kill(let name): "docker kill \(name)"
    case .stop(let name): "docker stop -t 1 \(name)"
    case .sicken(let name): "the check of \(name) fails"
    case .term: "TERM"
    }
  }
}

/// An action and its time.
struct LifeEvent: Sendable, Equatable, CustomStringConvertible {
  var milliseconds: Int
  var action: LifeAction

  var description: String { "\(milliseconds) ms: \(action)" }
}

/// One round: a pod, the actions on it, and its time to stop. A pod that no action stops receives
/// TERM once it has come to rest.
struct LifeCase: Sendable, Equatable, CustomStringConvertible {
  var pod = LifePod()
  var events: [LifeEvent] = []
  /// The times count from TASK_RUNNING, or from a few seconds of waiting for it; otherwise from the
  /// executor's start.
  var beginsRunning = false
  /// The option `--grace`, in milliseconds.
  var grace = 3000

  var description: String {
    let options = "--grace \(grace)ms" + (pod.shared.isEmpty ? "" : " --share \(pod.shared)")
    let start = beginsRunning ? "from TASK_RUNNING:" : "from the start:"
    return (["run \(options)", pod.yaml, start] + events.map(\.description))
      .joined(separator: "\n")
  }
}
