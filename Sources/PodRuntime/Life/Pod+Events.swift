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
          try await resynchronise()
          log.info("the engine is back")
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
    guard !isEnding else { return }
    spawn { pod in
      await pod.fail { pod in
        let id = pod.members[name]?.container ?? ""
        let details = try? await pod.engine.inspectContainer(id)
        let last = details?.state.health?.log.last?.output ?? ""
        let text = last.split(whereSeparator: { $0.isNewline }).first.map { ": \($0)" } ?? ""
        return "service '\(name)' is unhealthy\(text)"
      }
    }
  }

  /// Reads on from the log when a container's output has ended and the container has not.
  func outputEnded(of name: String) {
    spawn { pod in
      // Output ends a moment before its container does.
      try? await pod.wait(within: .seconds(3)) { pod.members[name]?.phase != .running }
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

  /// Compares every container with what is known of it, and makes up for what was missed.
  ///
  /// - Throws: `EngineError` where the engine doesn't tell of one: it isn't back as yet.
  private func resynchronise() async throws {
    var ended: [String] = []
    for (name, member) in members {
      guard let id = member.container, member.phase == .running || member.phase == .starting
      else { continue }
      do {
        let details = try await engine.inspectContainer(id)
        switch details.state.health?.status {
        case "healthy": update(name) { $0.health = .healthy }
        case "unhealthy":
          update(name) { $0.health = .unhealthy }
          failUnhealthy(name)
        default: break
        }
        if !details.state.running { ended.append(name) }
      } catch let error as EngineError where error.isNotFound {
        fail("the container of \(member.plan.title) is gone after the engine was away")
      }
    }
    // All are marked before what follows for the first is decided: it may need to wait for another.
    ended = ended.filter { members[$0]?.phase == .running && members[$0]?.isExamined == false }
    for name in ended { update(name) { $0.isExamined = true } }
    await readOn()
    for name in ended { look(into: name) }
  }

  /// Reads what the containers wrote meanwhile. Who doesn't read the pod's output must not hold up the rest of it.
  private func readOn() async {
    let readings = members.values.filter { $0.liveContainer != nil }.map { member in
      spawn { pod in
        do {
          try await member.output?.resume()
        } catch {
          pod.log.warning("the output of '\(member.name)' can't be read: \(error)")
        }
      }
    }
    let deadline = ContinuousClock.now + .seconds(2)
    for reading in readings { _ = await reading.hasEnded(within: max(.zero, deadline - .now)) }
  }
}
