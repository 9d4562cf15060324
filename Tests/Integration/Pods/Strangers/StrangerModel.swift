import TestSupport

/// An operation as it happened.
struct StrangerEvent: Sendable, Equatable, CustomStringConvertible {
  /// What was done.
  var operation: StrangerOperation
  /// From the executor's start, in milliseconds.
  var began = 0
  var ended = 0
  /// The engine did it.
  var succeeded = true
  /// The engine's reply.
  var output = ""
  /// The states of each service's containers just before, the infrastructure container's under "".
  var states: [String: [String]] = [:]

  var description: String {
    let reply = output.split(separator: "\n").joined(separator: " / ").prefix(160)
    let before = states.sorted { $0.key < $1.key }
      .map { "\($0.key.isEmpty ? "infra" : $0.key) \($0.value.joined(separator: "+"))" }
    return "\(began)-\(ended) ms: \(operation)\(succeeded ? "" : " (refused)"): \(reply)"
      + " [before: \(before.joined(separator: ", "))]"
  }
}

/// How a pod ended, as far as the model looks at it.
struct StrangerOutcome: Sendable, Equatable {
  /// The last state; nil where the executor ended before its first.
  var state: String?
  var status: ExitStatus
  var message = ""
  /// How often each service's jobs completed, by their own marks.
  var marks: [String: Int] = [:]
}

/// Which ends are allowed after a history: a pure function of the round and what happened in it.
struct StrangerModel: Sendable {
  /// A reason for which the pod may fail.
  enum Excuse: Sendable, Equatable {
    /// The service's own exit code.
    case exits(String, code: Int)
    /// Its container was removed while it ran, or might have.
    case removed(String)
    case infraRemoved
    /// The engine's restart ended it, and its policy does not start it again.
    case engineRestarted(String)
    /// A suspended container does not respond to its health check.
    case unhealthy(String)
    /// An image that nobody can bring back was removed.
    case imageGone
    /// There was no engine when the executor first asked: that fails a pod at once.
    case engineAbsent
  }

  let pod: StrangerPod
  let end: StrangerEnd
  let events: [StrangerEvent]
  /// The name of the pod's image.
  let image: String

  /// All reasons for which the pod may fail.
  var excuses: [Excuse] {
    var result = pod.services.compactMap { service in
      service.failure.map { Excuse.exits(service.name, code: $0) }
    }
    for event in events { result += excuses(for: event) }
    return result
  }

  /// Reasons of which one must have failed the pod, if it was not killed before.
  var mustFail: Bool {
    pod.services.contains { $0.failure != nil } || events.contains(where: endsForGood)
  }

  private func excuses(for event: StrangerEvent) -> [Excuse] {
    switch event.operation {
    case .restartEngine(_, let isLive):
      let isFirst = event.states.isEmpty ? [Excuse.engineAbsent] : []
      if isLive {
        // The code of an exit that happened without the engine is lost.
        return isFirst
          + pod.services.filter { $0.restart == .no && !$0.runsForGood && mayRun($0, event) }
          .map { .engineRestarted($0.name) }
      }
      return isFirst
        + pod.services.filter { $0.restart == .no && mayRun($0, event) }
        .map { .engineRestarted($0.name) }
    case .pause(let name, _), .freeze(let name, _):
      return pod.service(name)?.hasHealthcheck == true ? [.unhealthy(name)] : []
    case .remove(let name?):
      // A container that is only created may have been started before the removal came, and one that is to be tried
      // again as well.
      let hasCompleted =
        pod.service(name)?.endsAtOnce == true
        && event.states[name]?.contains { $0 != "exited" } == false
      return event.succeeded && !hasCompleted ? [.removed(name)] : []
    case .remove(nil): return event.succeeded ? [.infraRemoved] : []
    case let operation where operation.removesImages:
      return pod.image == .registry || !event.succeeded ? [] : [.imageGone]
    default: return []
    }
  }

  /// A container that had exited before does not notice; one that did not exist may have come up meanwhile.
  private func mayRun(_ service: StrangerPod.Service, _ event: StrangerEvent) -> Bool {
    let states = event.states[service.name] ?? []
    return states.count < service.replicas || states.contains { $0 != "exited" }
  }

  /// Whether an event ended a service that runs for good and that no policy starts again.
  private func endsForGood(_ event: StrangerEvent) -> Bool {
    func ran(_ service: StrangerPod.Service) -> Bool {
      service.isSteady && service.restart == .no
        && event.states[service.name]?.contains("running") == true
    }
    switch event.operation {
    case .restartEngine(_, live: false): return event.succeeded && pod.services.contains(where: ran)
    case .remove(let name?): return event.succeeded && pod.service(name).map(ran) == true
    default: return false
    }
  }

  /// Whether the stranger's container was in the pod's network for a while, which keeps it from being removed.
  private var wasVisited: Bool {
    events.contains {
      if case .visit = $0.operation { $0.succeeded } else { false }
    }
  }

  /// What is wrong with an outcome; nil where it is allowed.
  func complaint(about outcome: StrangerOutcome) -> String? {
    if case .kill = end {
      // It may have ended by itself before that moment.
      if outcome.status == .signalled(9) { return nil }
    } else if case .signalled = outcome.status, outcome.state != nil {
      return "the executor crashed: \(outcome.status)"
    }
    guard let state = outcome.state else {
      // Before it listens to signals the executor just ends, and has created nothing.
      if case .term = end { return nil }
      return "the executor ended with \(outcome.status) and no state"
    }
    let codes: [String: Int32] = ["TASK_FINISHED": 0, "TASK_FAILED": 1, "TASK_KILLED": 130]
    guard let code = codes[state] else { return "the last state is \(state)" }
    let isVisitor = wasVisited && outcome.message.contains("not removed: network")
    if outcome.message.contains("not removed: "), !isVisitor {
      return "objects are left: \(outcome.message)"
    }
    if outcome.status != .exited(isVisitor ? 1 : code) {
      return "\(state) with \(outcome.status)"
    }
    switch state {
    case "TASK_FINISHED": return complaintAboutFinish(outcome)
    case "TASK_FAILED":
      return excuses.contains { explains($0, outcome.message) }
        ? nil : "failed without a reason that is allowed: \(outcome.message)"
    default: return complaintAboutKill
    }
  }

  private func complaintAboutFinish(_ outcome: StrangerOutcome) -> String? {
    if mustFail { return "finished, but it had to fail" }
    for service in pod.services {
      if service.runsForGood { return "finished, but '\(service.name)' runs for good" }
      let marks = outcome.marks[service.name, default: 0]
      if marks < service.replicas {
        return "finished, but \(marks) of \(service.replicas) jobs of '\(service.name)' completed"
      }
    }
    return nil
  }

  private var complaintAboutKill: String? {
    guard case .settled = end else { return nil }
    if mustFail { return "ran until TERM, but it had to fail" }
    return pod.endsByItself ? "ran until TERM, but it had to finish" : nil
  }

  private func explains(_ excuse: Excuse, _ message: String) -> Bool {
    switch excuse {
    case .exits(let name, let code):
      return names(name, message) && message.contains("ended with \(code)")
    case .removed(let name):
      return names(name, message) && message.contains("was removed by someone else")
    case .infraRemoved:
      return message.contains("infrastructure container") && message.contains("was removed")
    case .engineRestarted(let name):
      return names(name, message) && namesEngineRestart(message)
    case .unhealthy(let name):
      return names(name, message) && message.contains("healthy")
    case .imageGone: return message.contains(image)
    case .engineAbsent: return message.hasPrefix("Docker Engine: GET /_ping: cannot connect to ")
    }
  }

  /// One of several containers of a service has a number behind the name.
  private func names(_ service: String, _ message: String) -> Bool {
    message.contains("'\(service)'") || message.contains("'\(service)/")
  }

  private func namesEngineRestart(_ message: String) -> Bool {
    message.contains("engine") && (message.contains("restart") || message.contains("shut down"))
  }
}
