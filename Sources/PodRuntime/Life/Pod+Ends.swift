import Compose
import DockerEngine
import Logging

extension Pod {
  /// Looks into a container's end, once at a time: until it is decided what follows from it.
  func examineEnd(of name: String) {
    guard let member = members[name], member.phase == .running || member.phase == .starting else {
      return
    }
    update(name) { $0.hasEndedAgain = member.isExamined }
    if !member.isExamined { look(into: name) }
  }

  /// Looks into an end that nobody looks into as yet.
  func look(into name: String) {
    update(name) { $0.isExamined = true }
    spawn { pod in
      repeat {
        pod.update(name) { $0.hasEndedAgain = false }
        guard let member = pod.members[name], let id = member.container else { break }
        let details = await pod.details(ofEnded: id)
        // A running container means that the event was an old one; so does one that was started again meanwhile.
        if let details, !details.state.running, pod.members[name]?.starts == member.starts {
          return await pod.handleEnd(of: name, details)
        }
      } while pod.members[name]?.hasEndedAgain == true
      pod.update(name) { $0.isExamined = false }
    }
  }

  /// Asks for a container's end until the engine knows an answer: nobody tells of it again.
  private func details(ofEnded id: String) async -> ContainerDetails? {
    var wait = Duration.milliseconds(100)
    repeat {
      do {
        return try await engine.inspectContainer(id)
      } catch let error as EngineError where error.isNotFound {
        return nil
      } catch {
        log.debug("the end of container \(id.prefix(12)): \(error)")
      }
      try? await Task.sleep(for: wait)
      wait = min(wait * 2, .seconds(2))
    } while verdict == nil && !Task.isCancelled
    return nil
  }

  /// Notes what follows from an end that was looked into.
  private func decide(_ name: String, _ phase: Member.Phase) {
    update(name) {
      $0.phase = phase
      $0.isExamined = false
    }
  }

  /// Fails the pod for a container's end, once its last words are there.
  private func fail(
    for name: String, exitCode: Int, reason: PodOutcome.Reason? = nil,
    _ words: @Sendable ([String]) -> String
  ) async {
    await fail(reason: reason) { pod in
      pod.decide(name, .ended(exitCode: exitCode))
      await pod.members[name]?.output?.drain(within: .seconds(2))
      return words(await pod.members[name]?.output?.lastLines ?? [])
    }
    decide(name, .ended(exitCode: exitCode))
  }

  private func handleEnd(of name: String, _ details: ContainerDetails) async {
    guard let member = members[name] else { return }
    let code = details.state.exitCode
    guard member.phase == .running || member.phase == .starting else {
      return update(name) { $0.isExamined = false }
    }
    if member.isStoppedOnPurpose || verdict != nil {
      return decide(name, .ended(exitCode: code))
    }
    if member.plan.isInfra {
      decide(name, .ended(exitCode: code))
      fail("\(member.plan.title) \(Self.words(exitCode: code)): it is ended from outside alone")
      return
    }
    let isForMemory = await wasKilledForMemory(name, details)
    if verdict != nil { return decide(name, .ended(exitCode: code)) }
    guard let now = members[name], now.starts == member.starts, now.phase == member.phase,
      !now.isStoppedOnPurpose
    else {
      // It is being started again with the owner of its namespace.
      return update(name) { $0.isExamined = false }
    }
    if isForMemory {
      return await fail(for: name, exitCode: code, reason: .memoryLimit) { _ in
        "service '\(name)' was killed for memory" + Self.memoryLimit(of: member)
      }
    }
    switch RestartDecision(
      policy: member.plan.service.restart, exitCode: code, restarts: member.restarts)
    {
    case .ended where mayNotEnd(name):
      await fail(for: name, exitCode: code) { _ in
        "service '\(name)' ended with 0, and this pod is to run for good (type: service)"
      }
    case .ended:
      decide(name, .ended(exitCode: code))
      checkFinished()
    case .failed:
      await fail(for: name, exitCode: code) { lines in
        let tail = lines.isEmpty ? "" : ": " + lines.joined(separator: " / ")
        return "service '\(name)' \(Self.words(exitCode: code))\(tail)"
      }
    case .restart:
      decide(name, .restarting)
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
    try? await wait(within: .seconds(1)) { isRecent() || verdict != nil }
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
    guard isRunning, !isFailing else { return }
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
}
