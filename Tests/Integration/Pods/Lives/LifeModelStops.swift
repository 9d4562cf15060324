extension LifeModel {
  // MARK: Signals

  /// Each stop signal is sent once, is received, and precedes any SIGKILL; SIGKILL follows after
  /// the grace.
  func signals(to service: LifePod.Service) -> [LifeComplaint] {
    timeline.lives(of: service.name).flatMap { _, instance, fate in
      signals(to: instance, fate).map {
        LifeComplaint(rule: .signals, text: "'\(service.name)' " + $0)
      }
        + (isStrange(instance)
          ? [
            .init(
              rule: .groups,
              text: "'\(service.name)' was stopped at \(instance.told ?? 0) ms, "
                + "though nothing that it lives by was started again")
          ] : [])
    } + hookSignals(to: service)
  }

  private func signals(to instance: LifeInstance, _ fate: LifeFate) -> [String] {
    let service = instance.service
    let number = service.stopNumber
    let own = instance.kills.filter { !$0.isIntrusion }
    var complaints: [String] = []
    for signal in own where signal.number != number && signal.number != 9 {
      complaints.append("got signal \(signal.number) at \(signal.time) ms in place of \(number)")
    }
    let stops = own.filter { $0.number == number }
    if number != 9, stops.count > 1 {
      complaints.append(
        "got its stop signal \(stops.count) times: at \(stops.map(\.time)) ms")
    }
    if number != 9, let kill = own.first(where: { $0.number == 9 }) {
      if let stop = stops.first {
        let least = leastGrace(of: instance, toldAt: stop.time)
        if kill.time - stop.time < least - Self.slack, !isHurried(service, at: kill.time) {
          complaints.append(
            "got SIGKILL \(kill.time - stop.time) ms after its stop signal, before \(least) ms")
        }
      } else if !isHurried(service, at: kill.time) {
        complaints.append("got SIGKILL at \(kill.time) ms, and its stop signal never")
      }
    }
    if let died = instance.died, died.code == 137, instance.kills.isEmpty,
      instance.exits == nil, fate != .consequence
    {
      complaints.append("was killed at \(died.time) ms, and not by way of the engine")
    }
    if let died = instance.died, died.code == 137, instance.kills.isEmpty,
      !isHurried(service, at: died.time),
      LifeTimeline.pidOwners(of: service, in: round.pod).contains(where: { owner in
        timeline.of(owner).contains {
          abs(($0.died?.time ?? .min / 2) - died.time) < 500 && $0.told != nil
        }
      })
    {
      complaints.append(
        "went down at \(died.time) ms with its pid namespace, whose owner the pod stopped before it"
      )
    }
    if let text = complaintAboutReceipt(by: instance, stops) { complaints.append(text) }
    return complaints
  }

  /// A process that was ready for its stop signal records it.
  private func complaintAboutReceipt(
    by instance: LifeInstance, _ stops: [LifeInstance.Signal]
  ) -> String? {
    guard instance.service.stopNumber != 9, let stop = stops.first, let began = instance.began,
      began + 100 < stop.time, instance.exits.map({ $0 > stop.time }) ?? true,
      !instance.kills.contains(where: { $0.number == 9 && $0.time < stop.time + 500 }),
      let died = instance.died, died.time > stop.time + 500
    else { return nil }
    let name = instance.service.stopSignal ?? "TERM"
    if instance.received.contains(where: { $0.name == name }) { return nil }
    return "was sent its stop signal at \(stop.time) ms, and its process never got it"
  }

  /// The least time between a service's stop signal and SIGKILL, in milliseconds.
  private func leastGrace(of instance: LifeInstance, toldAt time: Int) -> Int {
    let share = min(2000, round.grace / (round.pod.levels + 1))
    let own = instance.service.gracePeriod ?? 10_000
    // A stop for a restart has the service's own grace, even if the pod begins to stop meanwhile.
    guard let end, time >= end - Self.slack else { return end == nil ? own : min(own, share) }
    return hasOwnerAway(instance.service, about: time) ? min(own, share) : share
  }

  /// Whether a service has no grace left: after a second TERM, and after the deadline minus the
  /// time of the levels below.
  private func isHurried(_ service: LifePod.Service, at time: Int, hook: Bool = false) -> Bool {
    if history.terms.count > 1, time >= history.terms[1] - 20 { return true }
    let below = round.pod.depth(of: service.name)
    let share = min(2000, round.grace / (below + 2))
    // A hook leaves the same time to its own service.
    let rest = share * (hook ? below + 1 : below) + Self.slack
    return end.map { time > $0 + round.grace - rest } ?? false
  }

  /// Whether the pod stopped a container before it began to stop, and not for a restart.
  private func isStrange(_ instance: LifeInstance) -> Bool {
    guard let told = instance.told, told < (end ?? .max) - 20 else { return false }
    return !hasOwnerAway(instance.service, about: told)
  }

  private func hookSignals(to service: LifePod.Service) -> [LifeComplaint] {
    let own = history.entries.filter { $0.subject == "\(service.name)/pre_start" }
    let first = own.first {
      if case .killed = $0.what { !history.isIntrusion($0, on: service.name) } else { false }
    }
    guard let first, first.what == .killed(signal: 9), service.stopNumber != 9,
      !isHurried(service, at: first.time)
    else { return [] }
    // Removing an exited container kills no process.
    let hasExited = own.contains {
      if case .died = $0.what { $0.time < first.time } else { false }
    }
    if hasExited { return [] }
    return [
      .init(
        rule: .signals,
        text: "the pre_start of '\(service.name)' got SIGKILL at \(first.time) ms, "
          + "and its stop signal never")
    ]
  }

  // MARK: Order

  /// When a service receives its stop signal, its dependents that are stopped too have exited.
  func order(above service: LifePod.Service) -> [LifeComplaint] {
    timeline.of(service.name).flatMap { instance -> [LifeComplaint] in
      guard let told = instance.told, !isHurried(service, at: told) else { return [] }
      let isEnd = end.map { told >= $0 - Self.slack } ?? false
      // A service that was stopped for a restart can be the only one.
      if isEnd, hasOwnerAway(service, about: told) { return [] }
      return round.pod.services.compactMap { other in
        guard other.needs.contains(where: { $0.service == service.name }) else { return nil }
        let isMeant =
          isEnd
          || round.pod.services.contains {
            let group = round.pod.group(of: $0.name)
            return group.contains(service.name) && group.contains(other.name)
              && timeline.isAway($0.name, about: told)
          }
        guard isMeant, let above = timeline.of(other.name).first(where: { $0.isUp(at: told) }),
          above.started < told - Self.slack, above.died.map({ $0.time > told + Self.slack }) ?? true
        else { return nil }
        return .init(
          rule: .order,
          text: "'\(service.name)' was told to stop at \(told) ms, and '\(other.name)', which "
            + "depends on it, ran until \(above.died?.time ?? -1) ms")
      }
    }
  }

  /// A service receives its stop signal as soon as TERM has arrived and its dependents have exited.
  func delays(of service: LifePod.Service) -> [LifeComplaint] {
    guard let term = history.terms.first, term == end else { return [] }
    return timeline.of(service.name).compactMap { instance in
      guard instance.started < term - 500, let told = instance.told, told >= term,
        !isHurried(service, at: told)
      else { return nil }
      let ends = round.pod.dependents(of: service.name).flatMap { timeline.of($0) }
        .filter { $0.started < told && ($0.died?.time ?? told) <= told }
        .compactMap { $0.died?.time }
      let ready = max(term, ends.max() ?? term)
      let hook = service.preStop.map { $0.milliseconds ?? round.grace } ?? 0
      guard told > ready + hook + Self.haste else { return nil }
      return .init(
        rule: .bounds,
        text: "'\(service.name)' was told to stop at \(told) ms, though nothing was in its way "
          + "since \(ready) ms")
    }
  }

  // MARK: Hooks

  /// A `pre_stop` runs only when the pod stops, and before the stop signal.
  func hooks(of service: LifePod.Service) -> [LifeComplaint] {
    guard service.preStop != nil else { return [] }
    let subject = "\(service.name)/pre_stop"
    let began = history.first(subject) { $0 == .began }?.time
    var complaints: [LifeComplaint] = []
    func complain(_ text: String) {
      complaints.append(
        .init(rule: .order, text: "the pre_stop of '\(service.name)' \(text)"))
    }
    if let began, began < (end ?? .max) - Self.slack {
      complain("ran at \(began) ms, before the pod's end")
    }
    for instance in timeline.of(service.name) {
      guard let told = instance.told, let end, told >= end - Self.slack,
        !isHurried(service, at: told, hook: true), instance.exits.map({ $0 > told }) ?? true,
        !hasOwnerAway(service, about: told)
      else { continue }
      guard let began else {
        complain("did not run before its stop signal at \(told) ms")
        continue
      }
      if began > told + Self.slack { complain("ran at \(began) ms, after its stop signal") }
    }
    return complaints
  }
}
