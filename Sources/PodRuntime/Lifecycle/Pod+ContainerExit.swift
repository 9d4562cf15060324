import Compose
import DockerEngine
import Logging
import YAML

extension Pod {
  /// Inspects a container's exit until its consequence is decided. Only one inspection per
  /// container runs.
  func examineEnd(of name: String) {
    guard let state = members[name]?.state else { return }
    advance(name, .exitReported)
    if state == .running { inspectExit(of: name) }
  }

  /// Starts the inspection of a reported exit that isn't being inspected yet.
  func inspectExit(of name: String) {
    guard let number = members[name]?.run.number else { return }
    spawn { pod in
      repeat {
        guard pod.isExiting(name, in: number) else { return }
        pod.advance(name, .examined)
        let exit = await pod.exit(of: name)
        guard pod.isExiting(name, in: number) else { return }
        if let exit { return await pod.handleEnd(of: name, exit) }
      } while pod.members[name]?.state == .exiting(again: true)
      // The report was of an earlier start.
      pod.update(name) { $0.run.exit = nil }
      pod.advance(name, .foundRunning)
    }
  }

  /// Whether the exit of a run is still being inspected. False after a new start, or if the
  /// container is stopped with its group.
  func isExiting(_ name: String, in number: Int) -> Bool {
    guard let member = members[name] else { return false }
    return member.isExiting && member.run.number == number
  }

  /// How a container exited.
  struct ObservedExit: Sendable {
    var code: Int
    /// Whether the engine reports that it was killed for memory.
    var isOutOfMemory = false
  }

  /// Used for an exit whose code can't be determined any more: that of a killed container.
  static let unknownExitCode = 137

  /// Requests a container's exit until the engine responds, because it isn't reported again.
  ///
  /// - Returns: nil if it is running.
  private func exit(of name: String) async -> ObservedExit? {
    var wait = Duration.milliseconds(100)
    repeat {
      guard let member = members[name] else { return nil }
      // Another client removed it, for example by `docker container prune`. The event had the exit
      // code, unless it was missed.
      guard let id = member.container else {
        return ObservedExit(code: member.run.exit?.code ?? Self.unknownExitCode)
      }
      do {
        let state = try await engine.inspectContainer(id).state
        if state.running { return nil }
        return ObservedExit(code: state.exitCode, isOutOfMemory: state.oomKilled)
      } catch let error as EngineError where error.isNotFound {
        update(name) { if $0.container == id { $0.container = nil } }
        return ObservedExit(code: members[name]?.run.exit?.code ?? Self.unknownExitCode)
      } catch {
        log.debug("the exit of container \(id.prefix(12)): \(error)")
      }
      try? await Task.sleep(for: wait)
      wait = min(wait * 2, .seconds(2))
    } while outcome == nil && !Task.isCancelled
    return nil
  }

  /// Fails the pod because of a container's exit, after reading its last output. An optional
  /// container's exit doesn't fail the pod.
  private func fail(
    for name: String, exitCode: Int, reason: PodOutcome.Reason? = nil, _ cause: String
  ) async {
    if role(of: name) == .optional {
      recordOptional("\(cause): it is optional, and the pod continues")
      advance(name, .ended(exitCode: exitCode))
      return checkFinished()
    }
    recordDecider(name, exitCode)
    let isDeciding = members[name]?.plan.service.name == request.roles.deciding
    await fail(reason: reason, mainExitCode: isDeciding ? exitCode : nil) { pod in
      pod.advance(name, .ended(exitCode: exitCode))
      await pod.members[name]?.output?.drain(within: .seconds(2))
      let lines = await pod.members[name]?.output?.lastLines ?? []
      return await pod.completed(Failure(cause, exitCode: exitCode, output: lines), of: name)
    }
    recordExit(name, exitCode)
  }

  private func handleEnd(of name: String, _ exit: ObservedExit) async {
    guard let member = members[name] else { return }
    let code = exit.code
    if outcome != nil { return recordExit(name, code) }
    let isTakenDown = await wasTakenDown(name, exitCode: code)
    guard isExiting(name, in: member.run.number) else { return }
    if outcome != nil { return recordExit(name, code) }
    if isTakenDown { return await restartOrFail(name, exitCode: code) }
    if let now = members[name], now.container == nil,
      now.run.influence == .signal || now.run.exit?.code == nil
    {
      return failRemoved(name, exitCode: code)
    }
    if member.plan.isInfra {
      advance(name, .ended(exitCode: code))
      fail(
        "\(member.plan.title) \(Self.text(exitCode: code)): it exits only on a signal from outside the pod"
      )
      return
    }
    await waitForCause(of: name, exitCode: code)
    guard isExiting(name, in: member.run.number) else { return }
    if outcome != nil { return recordExit(name, code) }
    if hasEndedWithOwner(name, exitCode: code), !mayNotEnd(name) {
      advance(name, .ended(exitCode: code))
      return checkFinished()
    }
    let isForMemory = await wasKilledForMemory(name, exit)
    guard isExiting(name, in: member.run.number) else { return }
    if outcome != nil { return recordExit(name, code) }
    if isForMemory, await restartsAfterOutOfMemory(member) {
      guard isExiting(name, in: member.run.number) else { return }
      if outcome != nil { return recordExit(name, code) }
      advance(name, .restartDecided)
      return await restart(name, exitCode: code, because: "it reached its own memory limit")
    }
    if isForMemory {
      let limit = await memoryLimit(of: member)
      return await fail(
        for: name, exitCode: code, reason: .memoryLimit,
        "service '\(name)' was killed for memory" + limit)
    }
    switch member.decision(exitCode: code) {
    case .ended where mayNotEnd(name):
      await fail(
        for: name, exitCode: code,
        "service '\(name)' exited with 0, but a main service of this pod must not finish (type: service)"
      )
    case .ended:
      advance(name, .ended(exitCode: code))
      // A namespace that it joined may be gone: the pod then fails, whatever the services' exit
      // codes.
      if isDone { await waitForInfra() }
      checkFinished()
    case .failed:
      await fail(for: name, exitCode: code, "service '\(name)' \(Self.text(exitCode: code))")
    case .restart:
      advance(name, .restartDecided)
      await restart(name, exitCode: code)
    }
  }

  // MARK: Exits that the engine caused

  /// Whether the engine stopped a container because it shut down or crashed. Such an exit is never
  /// a success, whatever its code. An engine that shuts down first sends each container its stop
  /// signal, and reports the exits while it can. An exit after a signal that isn't the pod's is
  /// therefore decided once it is known whether the engine stays.
  private func wasTakenDown(_ name: String, exitCode code: Int) async -> Bool {
    // An exit may be observed before its event arrives.
    let exit =
      members[name]?.run.exit
      ?? PodContainer.Exit(
        code: nil, outages: presence.isAway ? presence.outages - 1 : presence.outages)
    if exit.isNatural { return false }
    // The engine reports 255 for an exit during its absence: the true code is lost.
    if exit.code == nil, code == 255, presence.outages > exit.outages { return true }
    func isTakenDown() -> Bool {
      members[name]?.run.influence == .takedown || presence.hasTakenDown(since: exit.outages)
    }
    guard members[name]?.run.influence == .signal || presence.isAway || isTakenDown() else {
      return false
    }
    while outcome == nil, !Task.isCancelled {
      // This is known at the end of the outage.
      try? await wait { outcome != nil || !presence.isAway }
      if isTakenDown() { return true }
      if presence.outages > exit.outages { return false }
      if await isEngineServing() {
        guard let member = members[name], member.run.influence == .signal else { return false }
        // `docker rm -f` kills the container first: its removal follows at once. A busy engine may
        // stop its containers some time before it stops listening, which must not count as
        // completed work.
        let decision = member.decision(exitCode: code)
        try? await wait(within: decision == .ended ? .seconds(2) : .milliseconds(300)) {
          outcome != nil || presence.isAway || members[name]?.container == nil
        }
        if presence.isAway { continue }
        if decision != .ended { return false }
        if await isEngineServing() { return false }
      }
      recordEngineAway("it doesn't accept connections")
    }
    return false
  }

  /// Applies the restart policy to a container that the engine stopped.
  private func restartOrFail(_ name: String, exitCode: Int) async {
    guard let member = members[name] else { return }
    let mayRestart =
      switch member.plan.service.restart {
      case .always, .unlessStopped, .onFailure: true
      case .no: member.plan.isInfra || request.options.onEngineRestart == .restart
      }
    if mayRestart {
      update(name) { $0.takenDownRun = $0.run.number }
      advance(name, .restartDecided)
      return await restart(name, exitCode: exitCode, because: "the engine was restarted")
    }
    await fail(
      for: name, exitCode: exitCode,
      "service '\(name)' \(Self.text(exitCode: exitCode)) because the engine was restarted, and its restart "
        + "policy is 'no' (pod.on_engine_restart: restart starts it again)")
  }

  /// Whether the kernel killed a container for memory. A busy engine learns of that after the exit,
  /// and then reports it only in an event.
  private func wasKilledForMemory(_ name: String, _ exit: ObservedExit) async -> Bool {
    if exit.isOutOfMemory { return exit.code != 0 }
    guard exit.code == 137 else { return false }
    func isRecent() -> Bool {
      // A container that survived has the event too, and may exit for another reason later.
      members[name]?.run.outOfMemoryAt.map { .now - $0 < .seconds(10) } ?? false
    }
    // A busy engine reports it late. The longer wait is only for containers with a limit.
    let isLimited = members[name]?.plan.service.memoryLimit != nil
    try? await wait(within: .seconds(isLimited ? 5 : 1)) { isRecent() || outcome != nil }
    return isRecent()
  }

  private func memoryLimit(of member: PodContainer) async -> String {
    if let task = await taskMemoryLimit() { return task }
    guard let limit = member.plan.service.memoryLimit else {
      guard let memory = request.limits?.memory else {
        return " (the file sets no limit: the pod's or the host's limit was reached)"
      }
      return " (the file sets no limit: the task's \(memory) bytes or the host's limit was reached)"
    }
    return " (\(limit.position): limit \(limit.value.bytes) bytes)"
  }

  /// A description of an exit code. Above 128 it names a signal, as in shells and Docker.
  static func text(exitCode: Int) -> String {
    let names = [
      1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
      9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
    ]
    if exitCode > 128, let signal = names[exitCode - 128] {
      return "was killed by \(signal) (\(exitCode))"
    }
    return "exited with \(exitCode)"
  }

  private var isDone: Bool {
    let mains = members.values.filter { !$0.plan.isInfra && role(of: $0.name) == .main }
    if mains.isEmpty { return false }
    return request.roles.needsAll
      ? mains.allSatisfy(\.hasEnded) : mains.contains(where: \.hasEnded)
  }

  /// Completes the pod when all main services have exited as their policies permit, or the first
  /// one if that decides.
  func checkFinished() {
    // If a role is set, the main services may complete before all others are running.
    guard isRunning || request.roles.isExplicit, !isFailing else { return }
    if isDone {
      decideOutcome(finished)
    }
  }

  /// The outcome if the main services have exited with 0.
  private var finished: PodOutcome {
    let roles = request.roles
    guard roles.isExplicit else {
      return PodOutcome(state: .finished, message: "all containers exited with 0")
    }
    let ended = members.values.filter { role(of: $0.name) == .main && $0.hasEnded }
      .sorted { $0.index < $1.index }.map(\.plan.title)
    let text =
      ended.count == 1 ? "\(ended[0]) exited with 0" : "all main services exited with 0"
    var outcome = PodOutcome(state: .finished, message: text)
    outcome.mainExitCode = roles.deciding == nil ? nil : 0
    return outcome
  }

  /// Whether a service must not exit: in a pod of type `service`, each main service, except those
  /// for whose completion others wait.
  private func mayNotEnd(_ name: String) -> Bool {
    guard request.options.kind == .service, role(of: name) == .main,
      let service = members[name]?.plan.service.name
    else {
      return false
    }
    return !members.values.contains { other in
      other.plan.dependencies.contains {
        $0.service == service && $0.dependency.condition == .completedSuccessfully
      }
    }
  }
}
