import Compose
import DockerEngine
import Logging
import OrderedCollections
import PodControl
import YAML

extension Pod {
  /// Runs a service's `post_start` hooks in its container, one after the other.
  ///
  /// - Throws: `DiagnosticError` with the hook's line if a hook can't be run, or doesn't exit with
  ///   0.
  func runPostStart(_ name: String) async throws {
    for hook in members[name]?.plan.service.postStart ?? [] {
      for attempt in 1... {
        try checkLaunch()
        guard let member = members[name], let id = member.container else { return }
        let number = member.run.number
        do {
          try await whileRunning(name, number) { pod in
            try await pod.run(hook, "post_start", in: id, of: member)
          }
          break
        } catch let failure where !(failure is CancellationError) {
          let exit = failure as? CommandExit
          let error = exit?.error ?? failure
          if await hasGone(name, since: number, code: exit?.code) {
            // A restart of the whole group runs the hooks again. After an exit, the restart policy
            // applies.
            guard members[name]?.stoppedRun != number, !isEnding else { return }
            if try await isToRunAgain(name, in: number) { continue }
            log.warning("\(error): dropped, because the container had exited")
            return update(name) { $0.commands = .none }
          }
          guard let failure = error as? ExecFailure, attempt < Self.mostAttempts,
            try await recovers(from: failure.cause)
          else { throw error }
          // It is still running; or the engine stopped it, and its restart policy decides whether
          // it will run again.
          try await launchWait { self.isSteady(name) }
          guard members[name]?.state == .running else { return }
        }
      }
    }
    update(name) { $0.commands = .none }
  }

  /// Whether a container has exited since a start, or is being stopped, so that hooks in it were
  /// killed.
  private func hasGone(_ name: String, since number: Int, code: Int?) async -> Bool {
    func isThere() -> Bool {
      members[name]?.run.number == number && members[name]?.state == .running && !isEnding
    }
    guard isThere(), let id = members[name]?.container else { return true }
    if let state = try? await engine.inspectContainer(id).state, !state.running { return true }
    // A command that is killed with its container exits shortly before it: by a signal, or with 126
    // if it could not be started.
    if let code, code == 126 || code > 128 {
      try? await wait(within: .seconds(2)) { !isThere() }
    }
    return !isThere()
  }

  /// Whether the hooks of a container that has exited must run again: the engine stopped the
  /// container, and it is running again; or the report of its exit was wrong.
  private func isToRunAgain(_ name: String, in number: Int) async throws -> Bool {
    // The exit may not be reported yet, or its consequence not decided.
    while let member = members[name], member.run.number == number {
      try checkLaunch()
      if member.isExiting {
        try await launchWait { !self.isExiting(name, in: number) }
      } else if member.state == .running, let id = member.container {
        if let state = try? await engine.inspectContainer(id).state, state.running { return true }
        try? await wait(within: .seconds(1)) { members[name]?.state != .running }
      } else {
        break
      }
    }
    guard members[name]?.takenDownRun == number else { return false }
    try await launchWait { self.isSteady(name) }
    return members[name]?.state == .running
  }

  /// Whether a container is running, or has exited for good.
  private func isSteady(_ name: String) -> Bool {
    guard let member = members[name] else { return true }
    return member.hasEnded || member.state == .running
  }

  /// Runs a service's `pre_stop` hooks in its container until a deadline. A hook that fails doesn't
  /// prevent the stop.
  func runPreStop(
    _ name: String, until moment: @escaping @Sendable (isolated Pod) -> ContinuousClock.Instant
  ) async {
    guard let member = members[name], let id = member.liveContainer,
      !member.plan.service.preStop.isEmpty
    else { return }
    update(name) { $0.commands = .beforeStop }
    let work = Task {
      for hook in member.plan.service.preStop where !Task.isCancelled {
        do {
          try await self.run(hook, "pre_stop", in: id, of: member)
        } catch {
          if !Task.isCancelled { self.log.warning("\(error)") }
        }
      }
      self.update(name) { $0.commands = .none }
    }
    await wait(until: moment) {
      isPastDeadline || members[name]?.liveContainer == nil
        || members[name]?.commands != .beforeStop
    }
    work.cancel()
    await work.value
  }

  private func run(
    _ hook: Hook, _ kind: String, in id: String, of member: PodContainer
  ) async throws {
    var body = ExecCreate(cmd: hook.command)
    body.user = hook.user
    body.privileged = hook.privileged?.value
    body.workingDir = hook.workingDir
    body.env = hook.environment.isEmpty ? nil : Self.variables(hook.environment)
    let subject = "the \(kind) of service '\(member.name)'"
    history.record(.serviceHookStarted, service: member.plan.label, subject: kind)
    do {
      let exec = try await engine.createExec(id, body)
      let tail = try await forward(
        try await engine.startExec(exec), label: member.plan.label + " ->", index: member.index)
      let code = try await exitCode(of: exec)
      history.record(
        .serviceHookExited, service: member.plan.label, subject: kind, exitCode: code)
      if !isEnding { try await checkEngine() }
      do {
        try Self.check(code, tail, subject, at: hook.position)
      } catch {
        throw CommandExit(code: code, error: error)
      }
    } catch let error as EngineError {
      throw ExecFailure(
        cause: error,
        description:
          "\(DiagnosticError("\(subject) can't be run: \(error.message)", at: hook.position))")
    }
  }

  /// Checks that the engine accepts connections. An engine that shuts down kills a running hook,
  /// and may still report its exit, so that the exit code doesn't show whether the hook failed.
  ///
  /// - Throws: `EngineError`.
  func checkEngine() async throws { try await engine.probe(within: .seconds(10)) }

  /// A command in a container that didn't exit with 0.
  private struct CommandExit: Error, CustomStringConvertible {
    let code: Int
    let error: Failure
    var description: String { "\(error)" }
  }

  /// A command in a container that the engine didn't run.
  private struct ExecFailure: Error, CustomStringConvertible {
    let cause: EngineError
    let description: String
  }

  /// The exit code of a command. Its output may end shortly before the engine records the exit, or
  /// long before if the command closes its output. There is no event for the exit, so it is polled.
  /// The pod's deadlines cancel this wait.
  private func exitCode(of exec: String) async throws -> Int {
    var wait = Duration.milliseconds(20)
    while true {
      if let code = try await engine.execExitCode(exec) { return code }
      try await Task.sleep(for: wait)
      wait = min(wait * 2, .seconds(1))
    }
  }
}
