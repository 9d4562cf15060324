import TestSupport

/// A fault in a round.
struct LifeComplaint: Sendable, Equatable, CustomStringConvertible {
  /// The rules of a pod's lifecycle. Shrinking keeps the rule that was broken first.
  enum Rule: String, Sendable {
    /// A service starts after its dependencies have reached the conditions of the file.
    case conditions
    /// Services that follow another one restart with it, in order; no other service is affected.
    case groups
    /// The restart policy is applied.
    case restarts
    /// Dependents are stopped before their dependencies.
    case order
    /// Each service receives its own stop signal, once, and SIGKILL only after its grace.
    case signals
    /// The last state, its exit code and its message follow from the events.
    case outcome
    /// The pod starts and stops in time.
    case bounds
    /// No object is left.
    case leftovers
    /// The executor reports no internal fault.
    case faults
  }

  var rule: Rule
  var text: String

  var description: String { "\(rule.rawValue): \(text)" }
}

/// A reason for which a pod can or must fail.
struct LifeCause: Sendable, Equatable {
  var time: Int
  /// Texts that the message has to contain.
  var words: [String]
  /// The pod fails for this reason unless it stops earlier for another one.
  var isCertain = true
  /// The time that the executor may take to detect it, in milliseconds.
  var delay = 0
}

/// The allowed lifecycles of a pod: a pure function of the round and its events.
struct LifeModel: Sendable {
  let round: LifeCase
  let history: LifeHistory
  let timeline: LifeTimeline

  /// The time that removing a pod may take on a busy machine, after its containers have stopped.
  static let cleanup = 6000
  /// The time that the executor may take to react to an exit: it waits for the last output and for
  /// an out-of-memory event.
  static let patience = 4000
  /// The time that a stop signal may take if nothing delays it.
  static let haste = 1500
  /// The time that the engine may take to start a container after the request.
  static let latency = 3000
  static let slack = LifeTimeline.slack

  init(round: LifeCase, history: LifeHistory) {
    self.round = round
    self.history = history
    timeline = LifeTimeline(pod: round.pod, history: history)
  }

  /// All faults.
  var complaints: [LifeComplaint] {
    var all: [LifeComplaint] = []
    let outcome = complaintAboutOutcome
    if let outcome { all.append(.init(rule: .outcome, text: outcome)) }
    all += bounds.map { .init(rule: .bounds, text: $0) }
    for service in round.pod.services {
      all += starts(of: service)
      // If the reason of the stop is unknown, its time is unknown too.
      if outcome != nil { continue }
      all += restarts(of: service) + signals(to: service) + order(above: service)
      all += delays(of: service) + hooks(of: service)
    }
    if !history.left.isEmpty {
      all.append(.init(rule: .leftovers, text: history.left.joined(separator: ", ")))
    }
    let faults = ["Fatal error", "illegal", "is not read", "can't be read"]
    for line in history.stderr where faults.contains(where: line.contains) {
      all.append(.init(rule: .faults, text: line))
    }
    return all
  }

  // MARK: How it ends

  /// Every reason to fail, ordered by time.
  var causes: [LifeCause] {
    let infra = history.infraLost.map {
      LifeCause(time: $0, words: ["infrastructure container", "was killed by"], delay: 1500)
    }
    return
      (round.pod.services.flatMap { exits(of: $0) + losses(of: $0) } + [infra].compactMap { $0 })
      .sorted { $0.time < $1.time }
  }

  private func exits(of service: LifePod.Service) -> [LifeCause] {
    let name = "'\(service.name)'"
    var causes: [LifeCause] = []
    for (_, instance, fate) in timeline.lives(of: service.name) {
      if let time = instance.unhealthy {
        let isAlone =
          service.joined == nil && !service.dependencies.contains(where: \.restart)
          && !instance.kills.contains { $0.time < time }
        causes.append(
          .init(time: time, words: [name, "is unhealthy"], isCertain: isAlone))
      }
      guard let (time, code) = instance.died else { continue }
      let words = code > 128 ? "was killed by" : "exited with \(code)"
      switch fate {
      case .fails:
        // A service that exits together with the owner of its namespace can restart with the owner.
        causes.append(
          .init(
            time: time, words: [name, words], isCertain: !hasOwnerAway(service, about: time),
            delay: code == 137 ? 1500 : 0))
      // Its own policy is not applied.
      case .consequence: break
      case .runs, .stopped, .restarts, .ended: break
      }
    }
    if let (time, code) = preStartFailure(of: service) {
      let words = code > 128 ? "was killed by" : "exited with \(code)"
      causes.append(.init(time: time, words: ["pre_start of service \(name) \(words)"]))
    }
    return causes
  }

  /// The time of a `pre_start` exit with another code than 0 that the pod didn't cause.
  private func preStartFailure(of service: LifePod.Service) -> (time: Int, code: Int)? {
    let own = history.entries.filter { $0.subject == "\(service.name)/pre_start" }
    for entry in own {
      switch entry.what {
      case .killed where !history.isIntrusion(entry, on: service.name): return nil
      case .died(let code) where code != 0: return (entry.time, code)
      default: break
      }
    }
    return nil
  }

  private func fails(_ service: String) -> Bool {
    timeline.lives(of: service).last?.fate == .fails
  }

  /// Reasons that a service can't start anymore, because another one has exited for good.
  private func losses(of service: LifePod.Service) -> [LifeCause] {
    let name = "'\(service.name)'"
    var causes: [LifeCause] = []
    let start = timeline.of(service.name).first?.started ?? Int.max
    for need in service.needs {
      guard let end = timeline.endedForGood(need.service), !fails(need.service) else { continue }
      let wasHealthy = timeline.of(need.service).last?.healthy != nil
      if need.condition == .healthy, need.required, !wasHealthy, start > end {
        causes.append(
          .init(time: end, words: [name, "waits for '\(need.service)' to be healthy"]))
      }
      if service.joined?.owner == need.service {
        causes.append(
          .init(time: end, words: [name, "can't be"], isCertain: false))
      }
    }
    return causes
  }

  /// The earliest time at which the pod began to stop. Before it, services are only stopped for a
  /// restart.
  var end: Int? {
    [history.terms.first, causes.first?.time, completion].compactMap { $0 }.min()
  }

  /// The latest time at which the pod began to stop. After it, no service is started.
  var latestEnd: Int? {
    let cause = causes.filter(\.isCertain).map { $0.time + $0.delay }.min()
    return [history.terms.first, cause, completion].compactMap { $0 }.min()
  }

  /// The time at which every service had exited for good.
  private var completion: Int? {
    let ends = round.pod.services.map { timeline.endedForGood($0.name) }
    return ends.contains(nil) ? nil : ends.compactMap { $0 }.max()
  }

  private var complaintAboutOutcome: String? {
    guard let last = history.states.last else {
      // A process that doesn't run its own code yet can't handle a signal.
      let isEarly = history.terms.first.map { $0 < 500 } == true && history.entries.isEmpty
      return history.status == .signaled(15) && isEarly
        ? nil : "the executor ended with \(history.status) and no state"
    }
    let codes: [String: Int32] = ["TASK_FINISHED": 0, "TASK_FAILED": 1, "TASK_KILLED": 130]
    guard let code = codes[last.name] else { return "the last state is \(last.name)" }
    if last.message.contains("not removed: ") { return "objects are left: \(last.message)" }
    if history.status != .exited(code) { return "\(last.name) with \(history.status)" }
    let certain = causes.filter(\.isCertain)
    switch last.name {
    case "TASK_FINISHED":
      guard let completion else { return "finished, but not every service has ended" }
      if let cause = certain.first { return "finished in spite of \(cause)" }
      if let term = history.terms.first, term + Self.slack < completion {
        return "finished at \(completion) ms, after TERM at \(term) ms"
      }
      return nil
    case "TASK_FAILED":
      let limit = (history.terms.first ?? .max / 2) + 500
      let first = certain.map { $0.time + $0.delay + 700 }.min() ?? .max
      let allowed = causes.filter { $0.time <= min(limit, first) }
      let isExplained = allowed.contains { $0.words.allSatisfy(last.message.contains) }
      return isExplained ? nil : "failed, and none of \(allowed) is the reason: \(last.message)"
    default:
      guard let term = history.terms.first else { return "killed, but nobody sent TERM" }
      if let cause = certain.first(where: { $0.time + $0.delay + Self.patience < term }) {
        return "killed at \(term) ms in spite of \(cause)"
      }
      if let completion, completion + Self.patience < term {
        return "killed at \(term) ms, but every service had ended at \(completion) ms"
      }
      return nil
    }
  }

  // MARK: Bounds

  private var bounds: [String] {
    var complaints: [String] = []
    var limits: [(what: String, time: Int)] = []
    if let term = history.terms.first {
      limits.append(("TERM at \(term) ms", term + round.grace + Self.cleanup))
    }
    if history.terms.count > 1 {
      limits.append(
        ("a second TERM at \(history.terms[1]) ms", history.terms[1] + Self.cleanup))
    }
    for cause in causes where cause.isCertain {
      limits.append(
        ("\(cause)", cause.time + cause.delay + Self.patience + round.grace + Self.cleanup))
    }
    for limit in limits where history.ended > limit.time {
      complaints.append(
        "ended at \(history.ended) ms, \(limit.time) ms was the limit for \(limit.what)")
    }
    return complaints
  }
}
