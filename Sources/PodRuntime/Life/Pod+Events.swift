import Compose
import DockerEngine
import Logging
import PodIdentity

extension Pod {
  /// Follows the engine's events of this pod until cancelled; everything after the launch is driven by them.
  func followEvents() async {
    var lostAt: ContinuousClock.Instant?
    var wait = Duration.milliseconds(100)
    while !Task.isCancelled {
      do {
        let events = try await engine.events(
          filters: [
            "type": ["container"],
            "label": [
              "\(PodLabel.run)=\(request.run)", "\(PodLabel.taskID)=\(request.taskID)",
            ],
          ])
        if lostAt != nil {
          log.info("the engine is back")
          await resynchronise()
        }
        lostAt = nil
        wait = .milliseconds(100)
        if !isListening {
          isListening = true
          changes.ring()
        }
        for try await event in events { handle(event) }
      } catch is CancellationError {
        return
      } catch {
        if !isListening {
          fail("\(error)")
          return
        }
        log.debug("events: \(error)")
      }
      if Task.isCancelled { return }
      if lostAt == nil {
        lostAt = .now
        log.warning("the engine is away: waiting for it")
      }
      if let lostAt, .now - lostAt > request.timeouts.engine {
        fail("the engine has been away for \(request.timeouts.engine.components.seconds) s")
        return
      }
      try? await Task.sleep(for: wait)
      wait = min(wait * 2, .seconds(2))
    }
  }

  /// Takes one event.
  func handle(_ event: EngineEvent) {
    // An image made by `docker commit` passes the labels on: only what was created here counts.
    guard let name = members.first(where: { $0.value.container == event.actorID })?.key else {
      return
    }
    switch event.action {
    case "die":
      if members[name]?.phase == .starting {
        update(name) { $0.endedWhileStarting = true }
      } else {
        examineEnd(of: name)
      }
    case "oom":
      update(name) { $0.outOfMemoryAt = .now }
    case "health_status: healthy":
      update(name) { $0.health = .healthy }
    case "health_status: unhealthy":
      update(name) { $0.health = .unhealthy }
      failUnhealthy(name)
    case "destroy":
      let title = members[name]?.plan.title ?? name
      if verdict == nil { fail("the container of \(title) was removed by someone else") }
    default:
      break
    }
  }

  private func failUnhealthy(_ name: String) {
    guard verdict == nil else { return }
    spawn { pod in
      let id = pod.members[name]?.container ?? ""
      let details = try? await pod.engine.inspectContainer(id)
      let last = details?.state.health?.log.last?.output ?? ""
      let text = last.split(whereSeparator: { $0.isNewline }).first.map { ": \($0)" } ?? ""
      pod.fail("service '\(name)' is unhealthy\(text)")
    }
  }

  /// Looks into a container's end, once at a time.
  func examineEnd(of name: String) {
    guard let member = members[name], !member.isExamined, let id = member.container,
      member.phase == .running || member.phase == .starting
    else { return }
    update(name) { $0.isExamined = true }
    spawn { pod in
      let details = try? await pod.engine.inspectContainer(id)
      pod.update(name) { $0.isExamined = false }
      // Without an answer the engine is away: all is looked at when it comes back. A running container
      // means that the event was an old one.
      guard let details, !details.state.running else { return }
      await pod.handleEnd(of: name, details)
    }
  }

  /// Reads on from the log when a container's output has ended and the container has not.
  func outputEnded(of name: String) {
    spawn { pod in
      // Output ends a moment before its container does.
      await pod.until(within: .seconds(3)) { pod.members[name]?.phase != .running }
      guard pod.verdict == nil, let member = pod.members[name], member.phase == .running,
        let id = member.container,
        let details = try? await pod.engine.inspectContainer(id), details.state.running
      else { return }
      do {
        try await member.output?.resumeIfEnded()
      } catch {
        pod.log.warning("the output of '\(name)' can't be read: \(error)")
      }
    }
  }

  private func handleEnd(of name: String, _ details: ContainerDetails) async {
    guard let member = members[name], member.phase == .running || member.phase == .starting else {
      return
    }
    let code = details.state.exitCode
    if member.isStoppedOnPurpose || verdict != nil {
      update(name) { $0.phase = .ended(exitCode: code) }
      return
    }
    if member.plan.isInfra {
      update(name) { $0.phase = .ended(exitCode: code) }
      fail("\(member.plan.title) \(Self.words(exitCode: code)): it is ended from outside alone")
      return
    }
    let isForMemory = await wasKilledForMemory(name, details)
    guard verdict == nil, members[name]?.phase == member.phase else {
      if verdict != nil { update(name) { $0.phase = .ended(exitCode: code) } }
      return
    }
    if isForMemory {
      update(name) { $0.phase = .ended(exitCode: code) }
      await member.output?.drain(within: .seconds(2))
      fail(
        "service '\(name)' was killed for memory"
          + Self.memoryLimit(of: member), reason: .memoryLimit)
      return
    }
    switch RestartDecision(
      policy: member.plan.service.restart, exitCode: code, restarts: member.restarts)
    {
    case .ended:
      update(name) { $0.phase = .ended(exitCode: code) }
      if mayNotEnd(name) {
        await member.output?.drain(within: .seconds(2))
        fail("service '\(name)' ended with 0, and this pod is to run for good (type: service)")
      } else {
        checkFinished()
      }
    case .failed:
      update(name) { $0.phase = .ended(exitCode: code) }
      await member.output?.drain(within: .seconds(2))
      let lines = await member.output?.lastLines ?? []
      let tail = lines.isEmpty ? "" : ": " + lines.joined(separator: " / ")
      fail("service '\(name)' \(Self.words(exitCode: code))\(tail)")
    case .restart:
      await restart(name, exitCode: code)
    }
  }

  /// Whether a container's end was the kernel's, for memory. A busy engine hears of that after the end, and then says
  /// it in an event alone.
  private func wasKilledForMemory(_ name: String, _ details: ContainerDetails) async -> Bool {
    if details.state.oomKilled { return details.state.exitCode != 0 }
    guard details.state.exitCode == 137 else { return false }
    func isRecent() -> Bool {
      // One that was spared has the event too, and may end in another way later.
      members[name]?.outOfMemoryAt.map { .now - $0 < .seconds(5) } ?? false
    }
    await until(within: .seconds(1)) { isRecent() || verdict != nil }
    return isRecent()
  }

  private static func memoryLimit(of member: Member) -> String {
    guard let limit = member.plan.service.memoryLimit else {
      return " (no limit of its own: the pod's or the host's)"
    }
    return " (\(limit.position): limit \(limit.value) bytes)"
  }

  /// An exit code in words; above 128 it is a signal, as shells and Docker count.
  static func words(exitCode: Int) -> String {
    let names = [
      1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
      9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
    ]
    if let signal = names[exitCode - 128] { return "was ended by \(signal) (\(exitCode))" }
    return "ended with \(exitCode)"
  }

  /// The pod is finished when every container has ended as its policy allows.
  func checkFinished() {
    guard isRunning else { return }
    let isDone = members.values.filter { !$0.plan.isInfra }.allSatisfy {
      if case .ended = $0.phase { return true }
      return false
    }
    if isDone {
      settle(PodOutcome(state: .finished, message: "all containers ended with 0"))
    }
  }

  /// In a pod that is a service each service runs for good, but for those that others wait for to complete.
  private func mayNotEnd(_ name: String) -> Bool {
    guard request.options.kind == .service, let service = members[name]?.plan.service.name else {
      return false
    }
    return !members.values.contains { other in
      other.plan.dependencies.contains {
        $0.service == service && $0.dependency.condition == .completedSuccessfully
      }
    }
  }

  // MARK: Restarting

  private func restart(_ name: String, exitCode: Int) async {
    guard var member = members[name] else { return }
    let wait = member.backoff.next(afterRunning: .now - member.startedAt)
    member.restarts += 1
    member.phase = .restarting
    members[name] = member
    changes.ring()
    log.info(
      "service '\(name)' \(Self.words(exitCode: exitCode)): starting it again in \(wait)")
    await member.output?.drain(within: .seconds(2))
    try? await Task.sleep(for: wait)
    let joined = members.values.filter { other in
      other.phase == .running
        && other.plan.references.contains { $0.sharesNamespace && $0.key == name }
    }
    // Whoever joined its namespace would stay behind in the dead one.
    for other in joined { await stopForRestart(other) }
    for service in [name] + joined.map(\.name) {
      guard verdict == nil, !Task.isCancelled else { return }
      do {
        try await start(service)
      } catch is CancellationError {
        return
      } catch {
        retry(service, after: error)
      }
    }
  }

  /// A start that failed while the engine was away fails no pod: when it is back, the container is found
  /// ended, like any other that ended meanwhile, and its policy is asked again.
  private func retry(_ name: String, after error: any Error) {
    if let failure = error as? StartFailure, failure.isEngineAway {
      update(name) { $0.phase = .running }
    } else {
      fail("\(error)")
    }
  }

  private func stopForRestart(_ member: Member) async {
    guard let id = member.container else { return }
    update(member.name) { $0.isStoppedOnPurpose = true }
    let grace = member.plan.service.stopGracePeriod.map { Int($0 / 1_000_000_000) } ?? 10
    try? await engine.stopContainer(id, timeout: grace)
    await member.output?.drain(within: .seconds(2))
    update(member.name) {
      $0.isStoppedOnPurpose = false
      $0.phase = .restarting
    }
  }

  // MARK: After an outage

  /// Compares every container with what is known of it, and makes up for what was missed.
  private func resynchronise() async {
    for (name, member) in members {
      guard let id = member.container, member.phase == .running || member.phase == .starting
      else { continue }
      do {
        let details = try await engine.inspectContainer(id)
        try await member.output?.resume()
        switch details.state.health?.status {
        case "healthy": update(name) { $0.health = .healthy }
        case "unhealthy":
          update(name) { $0.health = .unhealthy }
          failUnhealthy(name)
        default: break
        }
        if !details.state.running, member.phase == .running {
          // Not awaited: its backoff must not hold up the events of the others.
          spawn { await $0.handleEnd(of: name, details) }
        }
      } catch let error as EngineError where error.isNotFound {
        fail("the container of \(member.plan.title) is gone after the engine was away")
      } catch {
        log.warning("\(member.plan.title) can't be looked at: \(error)")
      }
    }
  }
}
