extension LifeModel {
  // MARK: Starts

  /// The conditions of a service's first start, and of each start after a stop by the pod.
  func starts(of service: LifePod.Service) -> [LifeComplaint] {
    var complaints: [LifeComplaint] = []
    let lives = timeline.lives(of: service.name)
    if let first = lives.first?.instance {
      let hook = history.first("\(service.name)/pre_start") { $0 == .started }
      let moment = min(first.started, hook?.time ?? .max)
      for need in service.needs {
        if let text = complaint(about: need, of: service, startedAt: moment) {
          complaints.append(.init(rule: .conditions, text: text))
        }
      }
      if service.preStart != nil {
        let hookEnd = history.first("\(service.name)/pre_start") { $0 == .died(code: 0) }
        if hookEnd.map({ $0.time > first.started }) ?? true {
          complaints.append(
            .init(
              rule: .conditions,
              text:
                "'\(service.name)' started at \(first.started) ms, before its pre_start was done"
            ))
        }
      }
    }
    for (number, instance, _) in lives where number > 0 && lives[number - 1].fate == .stopped {
      for need in service.needs {
        if let text = complaintAboutReturn(need, of: instance) {
          complaints.append(.init(rule: .groups, text: text))
        }
      }
    }
    return complaints
  }

  private func complaint(
    about need: LifePod.Dependency, of service: LifePod.Service, startedAt moment: Int
  ) -> String? {
    let text = "'\(service.name)' started at \(moment) ms, before '\(need.service)' was "
    let others = timeline.lives(of: need.service)
    let lost = history.stderr.contains {
      $0.contains("'\(service.name)' waits for '\(need.service)'")
        && $0.contains("`required` is false")
    }
    let ended = timeline.endedForGood(need.service).map { $0 <= moment } ?? false
    let isExcused = !need.required && lost && ended
    switch need.condition {
    case .started:
      guard let first = others.first?.instance, first.started <= moment else {
        return text + "started"
      }
      let hook = history.first("\(need.service)/post_start") {
        if case .exits = $0 { true } else { false }
      }
      // A hook that stops with its container is not waited for anymore.
      let isDone =
        round.pod.service(need.service)?.postStart == nil
        || hook.map { $0.time <= moment + 10 } == true
        || first.died.map { $0.time <= moment } == true
      return isDone ? nil : text + "done with its post_start"
    case .healthy:
      let isHealthy = others.contains { $0.instance.healthy.map { $0 <= moment } == true }
      return isHealthy || isExcused ? nil : text + "healthy"
    case .completed:
      let isComplete = others.contains {
        $0.fate == .ended && $0.instance.died.map { $0.time <= moment } == true
      }
      return isComplete || isExcused ? nil : text + "complete"
    }
  }

  /// A service that was stopped with its group starts after its dependencies are back.
  private func complaintAboutReturn(
    _ need: LifePod.Dependency, of instance: LifeInstance
  ) -> String? {
    let moment = instance.started
    let name = instance.service.name
    if let ended = timeline.endedForGood(need.service), ended <= moment { return nil }
    // It can have exited again while the engine was starting the container.
    let recent = timeline.of(need.service).last { $0.started <= moment }
    guard let recent, recent.died.map({ $0.time > moment - Self.latency }) ?? true else {
      return "'\(name)' was started again at \(moment) ms, before '\(need.service)' was back"
    }
    if need.condition == .healthy, recent.died == nil,
      recent.healthy.map({ $0 > moment }) ?? true
    {
      return "'\(name)' was started again at \(moment) ms, before '\(need.service)' was healthy"
    }
    return nil
  }

  // MARK: Restarts

  /// Which services are started again and which are not.
  func restarts(of service: LifePod.Service) -> [LifeComplaint] {
    var complaints: [LifeComplaint] = []
    let lives = timeline.lives(of: service.name)
    for (number, instance, fate) in lives {
      guard let died = instance.died?.time else { continue }
      let next = number + 1 < lives.count ? lives[number + 1].instance : nil
      switch fate {
      case .ended, .fails:
        // An owner that restarts at the same time can have stopped it for that.
        if let next, !hasOwnerAway(service, about: died) {
          complaints.append(
            .init(
              rule: .restarts,
              text: "'\(service.name)' had ended for good at \(died) ms, "
                + "and was started again at \(next.started) ms"))
        }
      case .restarts, .stopped, .consequence, .runs: break
      }
      if let next { complaints += group(of: service, diedAt: died, restartedAt: next.started) }
      if let next, let end = latestEnd, next.started > end + 3000 {
        complaints.append(
          .init(
            rule: .restarts,
            text: "'\(service.name)' was started at \(next.started) ms, "
              + "though the pod's end had begun at \(end) ms"))
      }
    }
    return complaints
  }

  /// Services that follow a restarted service have exited by then. Services that follow those have
  /// exited before they restart themselves.
  private func group(
    of service: LifePod.Service, diedAt died: Int, restartedAt started: Int
  ) -> [LifeComplaint] {
    if let end, end <= started { return [] }
    return round.pod.services.filter { $0.livesBy(service.name) }.compactMap { dependent in
      let name = dependent.name
      let runsOn = timeline.of(name).contains { other in
        other.started < died - 300 && (other.died.map { $0.time > started + Self.slack } ?? true)
      }
      guard runsOn else { return nil }
      return .init(
        rule: .groups,
        text: "'\(service.name)' was started again at \(started) ms, and '\(name)', which lives "
          + "by it, ran on")
    }
  }

  /// Whether a service that this one follows was down about a moment.
  func hasOwnerAway(_ service: LifePod.Service, about moment: Int) -> Bool {
    round.pod.services.contains {
      round.pod.group(of: $0.name).contains(service.name)
        && timeline.isAway($0.name, about: moment)
    }
  }
}
