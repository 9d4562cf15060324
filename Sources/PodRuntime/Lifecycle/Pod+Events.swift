import Concurrency
import Compose
import DockerEngine
import Logging
import PodControl
import PodIdentity

extension Pod {
  /// Follows the engine's events of this pod until the task is canceled. After the launch, they
  /// drive all changes.
  func followEvents() async {
    var pause = Duration.milliseconds(100)
    var hasListened = false
    var reason = "its event stream ended"
    var brokenAt: ContinuousClock.Instant?
    while !Task.isCancelled {
      do {
        let events = try await engine.events(
          filters: ["type": ["container"], "label": labelFilter])
        // The stream of a restarted engine can't be reopened within a second.
        if let brokenAt, .now - brokenAt > .seconds(1) { presence.wasUnreachable = true }
        hasListened = true
        isListening = true
        changes.notifyAll()
        pause = .milliseconds(100)
        reason = "its event stream ended"
        for try await event in events { handle(event) }
      } catch is CancellationError {
        return
      } catch {
        if !hasListened {
          // An engine that has never responded doesn't exist. One that has responded may be
          // restarting.
          guard (error as? EngineError)?.isEngineAway == true, await engine.hasResponded else {
            fail("\(error)")
            return
          }
          recordEngineAway("\(error)")
        }
        if !isListening { presence.wasUnreachable = true }
        reason = "\(error)"
        log.debug("events: \(error)")
      }
      if Task.isCancelled { return }
      if isListening {
        isListening = false
        brokenAt = .now
        recordEngineAway(reason)
      }
      try? await Task.sleep(for: pause)
      pause = min(pause * 2, .seconds(2))
    }
  }

  /// Handles one event.
  func handle(_ event: EngineEvent) {
    if event.action == "destroy", madeContainers.contains(event.actorID) {
      removedContainers.insert(event.actorID)
    }
    // An image from `docker commit` inherits the labels, so only known IDs count.
    guard let name = members.first(where: { $0.value.container == event.actorID })?.key else {
      handleOfHook(event)
      return
    }
    switch event.action {
    case "kill":
      if members[name]?.state == .stopping(.sent) {
        advance(name, .signalReported)
      } else if !isEnding {
        // While the pod ends, a signal of another client may arrive before the pod's own.
        update(name) { if $0.run.influence == .none { $0.run.influence = .signal } }
      }
    case "die":
      let code = event.attributes["exitCode"].flatMap { Int($0) }
      // The engine reports a signal before the exit that it causes.
      update(name) { member in
        let isSuspect = presence.mayHaveCaused(exitAt: .now, ofStartAt: member.run.startedAt)
        member.run.exit = PodContainer.Exit(
          code: code, outages: isSuspect ? presence.outages - 1 : presence.outages,
          isNatural: !isSuspect && member.run.influence == .none)
      }
      examineEnd(of: name)
    case "oom":
      if let member = members[name], member.run.outOfMemoryAt == nil {
        history.record(.outOfMemory, service: member.plan.label)
      }
      update(name) { $0.run.outOfMemoryAt = .now }
    case "health_status: healthy":
      update(name) { $0.health = .healthy }
    case "health_status: unhealthy":
      // The exit of a container that isn't running any more takes precedence. If the owner of its
      // namespace is away, the check may have failed for that reason.
      guard members[name]?.state == .running, !hasOwnerAway(name) else { break }
      if members[name]?.run.influence == .signal {
        failUnhealthyUnlessTakenDown(name)
      } else {
        update(name) { $0.health = .unhealthy }
        failUnhealthy(name)
      }
    case "destroy":
      handleRemoval(of: name)
    default:
      break
    }
  }

  /// Records the exit of a `pre_start` container: another client may remove it before its exit code
  /// is requested.
  private func handleOfHook(_ event: EngineEvent) {
    guard event.action == "die", hookContainers.keys.contains(event.actorID) else { return }
    hookContainers[event.actorID] = .some(event.attributes["exitCode"].flatMap { Int($0) })
    changes.notifyAll()
  }

  /// Handles the removal of a container by another client (docs/pods.md, "External changes").
  func handleRemoval(of name: String) {
    guard let member = members[name] else { return }
    switch member.state {
    case .planned:
      break
    case .created:
      update(name) { $0.container = nil }
      advance(name, .discarded)
      if !isEnding {
        log.warning(
          "the container of \(member.plan.title) was removed by someone else before its start")
      }
    case .running where isEnding, .exiting where isEnding, .stopping where isEnding:
      advance(name, .ended(exitCode: member.run.exit?.code ?? Self.unknownExitCode))
    case .starting, .exiting, .stopping, .restarting, .ended:
      // A pending start reports the removal, the event had the exit code, the next start creates
      // the container again, or it isn't needed any more.
      update(name) { $0.container = nil }
    case .running:
      failRemoved(name, exitCode: member.run.exit?.code ?? Self.unknownExitCode)
    }
  }

  /// A service that was sent a signal may be unhealthy until it exits. If the engine sent the
  /// signal because it shuts down, the restart policy decides; if the container survives, the next
  /// list has its health.
  private func failUnhealthyUnlessTakenDown(_ name: String) {
    spawn { pod in
      let number = pod.members[name]?.run.number
      if await pod.isEngineServing() {
        guard let member = pod.members[name], member.run.number == number,
          member.state == .running
        else {
          return
        }
        pod.update(name) { $0.health = .unhealthy }
        pod.failUnhealthy(name)
      } else {
        pod.recordEngineAway("it doesn't accept connections")
      }
    }
  }

  func failUnhealthy(_ name: String) {
    guard !isEnding, let member = members[name] else { return }
    let number = member.run.number
    if member.mayRestart,
      reaction(of: name, \.onUnhealthy, or: request.options.onUnhealthy) == .restart
    {
      return restartUnhealthy(name)
    }
    if role(of: name) == .optional {
      return recordOptional("service '\(name)' is unhealthy: it is optional, and the pod continues")
    }
    spawn { pod in
      guard let member = pod.members[name], member.run.number == number, member.state == .running
      else { return }
      pod.recordDecider(name, nil)
      await pod.fail { pod in
        let id = pod.members[name]?.container ?? ""
        let details = try? await pod.engine.inspectContainer(id)
        let lines = await pod.members[name]?.output?.lastLines ?? []
        return Self.unhealthy(name, details?.state.health?.log.last, output: lines)
      }
    }
  }

  /// The failure of an unhealthy service: the output and exit code of its last check, and the
  /// service's last output.
  static func unhealthy(_ name: String, _ check: HealthResult?, output: [String]) -> Failure {
    let lines = OutputTail.lastLines(of: check?.output ?? "")
    let text = lines.isEmpty ? "" : ": " + lines.joined(separator: " / ")
    // The engine reports -1 for its own failures, such as a timeout.
    let code = check.flatMap { $0.exitCode > 0 ? " (the check exited with \($0.exitCode))" : nil }
    var failure = Failure("service '\(name)' is unhealthy\(text)\(code ?? "")", output: output)
    failure.outputLabel = "; last output: "
    return failure
  }

  /// Resumes from the log if a container's output has ended but the container hasn't exited.
  func outputEnded(of name: String) {
    spawn { pod in
      // The output ends shortly before its container exits.
      try? await pod.wait(within: .seconds(3)) { pod.members[name]?.isAlive != true }
      guard !pod.isEnding, let member = pod.members[name], member.isAlive,
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
}
