import Concurrency
import Compose
import Logging
import PodControl

extension Pod {
  /// Where hooks run.
  var sandbox: String { request.sandbox ?? request.project.workingDirectory }

  /// Runs the hooks that come before everything.
  ///
  /// - Throws: `LaunchFailure` where one fails; what is wrong with the file, before any runs.
  func runFirstHooks(_ setup: PodSetup) async throws {
    guard request.options.hooks.contains(where: { $0.event == .preLaunch }) else { return }
    plan = try await setup.plan()
    if let failure = await run(.preLaunch, data(for: .preLaunch)) {
      try Task.checkCancellation()
      throw LaunchFailure(description: failure)
    }
    try Task.checkCancellation()
    // A hook may have changed where links lead.
    try setup.checkPolicyAgain()
  }

  /// Starts the hooks for a pod that runs.
  func startHooks(_ addresses: PodAddresses) {
    guard request.options.hooks.contains(where: { $0.event == .running }) else { return }
    let data = data(for: .running, addresses: addresses)
    runningHooks = Task { _ = await self.run(.running, data) }
  }

  /// Runs the hooks that come after everything, once those of the running pod have ended.
  ///
  /// - Parameters:
  ///   - outcome: how the pod ended.
  ///   - limit: how long both may take at most; nil for their own time.
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

  /// Runs the hooks of a turn one after the other.
  ///
  /// - Parameters:
  ///   - event: the turn.
  ///   - data: what they are told.
  ///   - limit: how long all may take at most; nil for their own time.
  /// - Returns: what went wrong first, in words.
  private func run(
    _ event: PodHook.Event, _ data: PodData, limit: Duration? = nil
  ) async -> String? {
    let hooks = request.options.hooks.filter { $0.event == event }
    guard !hooks.isEmpty, let input = try? data.json() else { return nil }
    let programs = HostPrograms(
      policy: request.policy, path: request.programPath, taskFolders: [sandbox])
    let run = HookRun(folder: sandbox, environment: programs.environment(environment))
    let begin = ContinuousClock.now
    var first: String?
    for hook in hooks {
      let rest = limit.map { max(.milliseconds(100), $0 - (.now - begin)) }
      history.record(.hookStarted, subject: event.rawValue)
      let failure = await run.run(hook, input: input, limit: rest)
      history.record(.hookExited, failure ?? "", subject: event.rawValue)
      if let failure { log.warning("\(failure)") }
      first = first ?? failure
      // After a failed pre-launch hook there is nothing left to prepare.
      if failure != nil, event == .preLaunch { break }
    }
    return first
  }
}
