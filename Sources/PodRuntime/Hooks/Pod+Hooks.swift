import Concurrency
import Compose
import Logging
import PodControl

extension Pod {
  /// The hooks' working directory.
  var sandbox: String { request.sandbox ?? request.project.workingDirectory }

  /// Runs the pre-launch hooks.
  ///
  /// - Throws: `LaunchFailure` if a hook fails; before any hook runs, the errors of the plan.
  func runFirstHooks(_ setup: PodPreparation) async throws {
    guard request.options.hooks.contains(where: { $0.event == .preLaunch }) else { return }
    plan = try await setup.plan()
    if let failure = await run(.preLaunch, data(for: .preLaunch)) {
      try Task.checkCancellation()
      throw LaunchFailure(description: failure)
    }
    try Task.checkCancellation()
    // A hook may have changed the targets of links.
    try setup.checkPolicyAgain()
  }

  /// Starts the hooks of a running pod.
  func startHooks(_ addresses: PodAddresses) {
    guard request.options.hooks.contains(where: { $0.event == .running }) else { return }
    let data = data(for: .running, addresses: addresses)
    runningHooks = Task { _ = await self.run(.running, data) }
  }

  /// Runs the post-stop hooks after the hooks of the running pod have exited.
  ///
  /// - Parameters:
  ///   - outcome: the pod's outcome.
  ///   - limit: the time limit for both kinds together; nil for the hooks' own limits.
  func runLastHooks(_ outcome: PodOutcome, limit: Duration?) async {
    let hooks = request.options.hooks
    if hooks.isEmpty { return }
    let begin = ContinuousClock.now
    let most = hooks.map(\.timeout).reduce(.zero, +)
    if let runningHooks, !(await runningHooks.hasEnded(within: limit ?? most)) {
      runningHooks.cancel()
      await runningHooks.value
    }
    _ = await run(
      .postStop, data(for: .postStop, outcome: outcome),
      limit: limit.map { max(.milliseconds(100), $0 - (.now - begin)) })
  }

  /// Runs the hooks of an event one after the other.
  ///
  /// - Parameters:
  ///   - event: the event.
  ///   - data: the hooks' input.
  ///   - limit: the time limit for all hooks together; nil for their own limits.
  /// - Returns: the text of the first failure.
  private func run(
    _ event: PodHook.Event, _ data: HookPayload, limit: Duration? = nil
  ) async -> String? {
    let hooks = request.options.hooks.filter { $0.event == event }
    guard !hooks.isEmpty, let input = try? data.json() else { return nil }
    let programs = HostPrograms(
      policy: request.policy, path: request.programPath, taskDirectories: [sandbox])
    let run = HookRunner(directory: sandbox, environment: programs.environment(environment))
    let begin = ContinuousClock.now
    var first: String?
    for hook in hooks {
      let rest = limit.map { max(.milliseconds(100), $0 - (.now - begin)) }
      history.record(.hookStarted, subject: event.rawValue)
      let failure = await run.run(hook, input: input, limit: rest)
      history.record(.hookExited, failure ?? "", subject: event.rawValue)
      if let failure { log.warning("\(failure)") }
      first = first ?? failure
      // After a failed pre-launch hook the launch fails, so the remaining hooks have no purpose.
      if failure != nil, event == .preLaunch { break }
    }
    return first
  }
}
