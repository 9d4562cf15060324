import TestSupport

/// What is wrong with a round.
struct LifeComplaint: Sendable, Equatable, CustomStringConvertible {
  /// What a pod's life has to keep to. Shrinking keeps to the rule that was broken first.
  enum Rule: String, Sendable {
    /// A service starts when its dependencies are as far as the file says.
    case conditions
    /// Those that live by another start again with it, in order; nobody else is touched.
    case groups
    /// A restart policy is applied.
    case restarts
    /// Dependents are stopped before what they depend on.
    case order
    /// Each gets its own stop signal, once, and SIGKILL only when its time is over.
    case signals
    /// The last state, its exit code and its message follow from what happened.
    case outcome
    /// The pod comes up and ends in time.
    case bounds
    /// Nothing is left.
    case leftovers
    /// The executor reports no fault of its own.
    case faults
  }

  var rule: Rule
  var text: String

  var description: String { "\(rule.rawValue): \(text)" }
}

/// A reason for which a pod may, or must, fail.
struct LifeCause: Sendable, Equatable {
  var time: Int
  /// What the message has to contain.
  var words: [String]
  /// Nothing but another end before it keeps the pod from failing for this.
  var isCertain = true
  /// How long the executor may take to be sure of it.
  var delay = 0
}

/// Which lives of a pod are allowed: a pure function of the round and of what happened in it.
struct LifeModel: Sendable {
  let round: LifeCase
  let history: LifeHistory
  let timeline: LifeTimeline

  /// How long removing a pod may take on a busy machine, once its containers have stopped.
  static let cleanup = 6000
  /// How long the executor may take to act on an exit: it waits for the last output, and for news
  /// of memory.
  static let patience = 4000
  /// How long a stop signal may take that nothing is in the way of.
  static let haste = 1500
  /// How long the engine may take to start a container that it was asked to start.
  static let latency = 3000
  static let slack = LifeTimeline.slack

  init(round: LifeCase, history: LifeHistory) {
    self.round = round
    self.history = history
    timeline = LifeTimeline(pod: round.pod, history: history)
  }

  /// All that is wrong.
  var complaints: [LifeComplaint] {
    var all: [LifeComplaint] = []
    let outcome = complaintAboutOutcome
    if let outcome { all.append(.init(rule: .outcome, text: outcome)) }
    all += bounds.map { .init(rule: .bounds, text: $0) }
    for service in round.pod.services {
      all += starts(of: service)
      // Where the reason of the end is unknown, its moment is as well.
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

  /// Every reason to fail, in the order of time.
  var causes: [LifeCause] {
    let infra = history.infraLost.map {
      LifeCause(time: $0, words: ["infrastructure container", "was ended by"], delay: 1500)
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
      let words = code > 128 ? "was ended by" : "ended with \(code)"
      switch fate {
      case .fails:
        // One that ends together with the owner of its namespace may be started again with that.
        causes.append(
          .init(
            time: time, words: [name, words], isCertain: !hasOwnerAway(service, about: time),
            delay: code == 137 ? 1500 : 0))
      // Its own policy isn't asked.
      case .consequence: break
      case .runs, .stopped, .restarts, .ended: break
      }
    }
    if let (time, code) = preStartFailure(of: service) {
      let words = code > 128 ? "was ended by" : "ended with \(code)"
      causes.append(.init(time: time, words: ["pre_start of service \(name) \(words)"]))
    }
    return causes
  }

  /// When a `pre_start` exited with another code than 0, and the pod had not stopped it.
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

  /// A service can't start any more, since another one has ended for good.
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

  /// When the pod had come to its end at the earliest: before, nothing is stopped but for a
  /// restart.
  var end: Int? {
    [history.terms.first, causes.first?.time, completion].compactMap { $0 }.min()
  }

  /// When its end had begun at the latest: afterwards, nothing is started.
  var latestEnd: Int? {
    let cause = causes.filter(\.isCertain).map { $0.time + $0.delay }.min()
    return [history.terms.first, cause, completion].compactMap { $0 }.min()
  }

  /// When every service had ended for good.
  private var completion: Int? {
    let ends = round.pod.services.map { timeline.endedForGood($0.name) }
    return ends.contains(nil) ? nil : ends.compactMap { $0 }.max()
  }

  private var complaintAboutOutcome: String? {
    guard let last = history.states.last else {
      // A process that doesn't run its own code as yet can't take a signal.
      let isEarly = history.terms.first.map { $0 < 500 } == true && history.entries.isEmpty
      return history.status == .signalled(15) && isEarly
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
