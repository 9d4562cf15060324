import TestSupport

/// A performed operation.
struct StrangerEvent: Sendable, Equatable, CustomStringConvertible {
  /// The operation itself.
  var operation: StrangerOperation
  /// Milliseconds since the executor's start.
  var began = 0
  var ended = 0
  /// The engine performed it.
  var succeeded = true
  /// The engine's response.
  var output = ""
  /// The states of each service's containers just before; "" is the infrastructure container.
  var states: [String: [String]] = [:]

  var description: String {
    let reply = output.split(separator: "\n").joined(separator: " / ").prefix(160)
    let before = states.sorted { $0.key < $1.key }
      .map { "\($0.key.isEmpty ? "infra" : $0.key) \($0.value.joined(separator: "+"))" }
    return "\(began)-\(ended) ms: \(operation)\(succeeded ? "" : " (refused)"): \(reply)"
      + " [before: \(before.joined(separator: ", "))]"
  }
}

/// The result of a pod, as far as the model checks it.
struct StrangerOutcome: Sendable, Equatable {
  /// The last state; nil if the executor exited before its first.
  var state: String?
  var status: ExitStatus
  var message = ""
  /// The number of completed jobs of each service, according to their own marks.
  var marks: [String: Int] = [:]
}

/// The results that are allowed after a history: a pure function of the round and its events.
struct StrangerModel: Sendable {
  /// A reason for which the pod may fail.
  enum Excuse: Sendable, Equatable {
    /// The service's own exit code.
    case exits(String, code: Int)
    /// Its container was removed while it ran, or while it can have run.
    case removed(String)
    case infraRemoved
    /// The engine's restart stopped it, and its policy does not start it again.
    case engineRestarted(String)
    /// A suspended container does not respond to its health check.
    case unhealthy(String)
    /// An image that can't be restored was removed.
    case imageGone
    /// There was no engine at the executor's first request, which fails a pod at once.
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

  /// One of these reasons must have failed the pod, if it was not killed before.
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
      // A container that was only created can have been started before the removal, and one that is
      // to be retried too.
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

  /// A container that had exited before is not affected; one that did not exist can have started
  /// meanwhile.
  private func mayRun(_ service: StrangerPod.Service, _ event: StrangerEvent) -> Bool {
    let states = event.states[service.name] ?? []
    return states.count < service.replicas || states.contains { $0 != "exited" }
  }

  /// Whether an event stopped a service that never completes and that no policy starts again.
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

  /// Whether the stranger's container was in the pod's network for a while, which prevents its
  /// removal.
  private var wasVisited: Bool {
    events.contains {
      if case .visit = $0.operation { $0.succeeded } else { false }
    }
  }

  /// The fault of a result; nil if it is allowed.
  func complaint(about outcome: StrangerOutcome) -> String? {
    if case .kill = end {
      // The executor can have exited by itself before that moment.
      if outcome.status == .signaled(9) { return nil }
    } else if case .signaled = outcome.status, outcome.state != nil {
      return "the executor crashed: \(outcome.status)"
    }
    guard let state = outcome.state else {
      // Without a signal handler yet, the executor is terminated, and has created nothing.
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
      return names(name, message) && message.contains("exited with \(code)")
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

  /// If a service has several containers, their names have a number as suffix.
  private func names(_ service: String, _ message: String) -> Bool {
    message.contains("'\(service)'") || message.contains("'\(service)/")
  }

  private func namesEngineRestart(_ message: String) -> Bool {
    message.contains("engine") && (message.contains("restart") || message.contains("shut down"))
  }
}
