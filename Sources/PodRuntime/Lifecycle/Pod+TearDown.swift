import Compose
import Concurrency
import DockerEngine
import Linux
import PodIdentity
import PodObjects

/// The steps after all containers of a pod have exited.
extension Pod {
  /// Removes all objects of the pod, forwards its last output and runs its last hooks.
  ///
  /// - Returns: the pod's outcome.
  func tearDown() async -> PodOutcome {
    let begin = ContinuousClock.now
    let mayKeep = request.options.keepFailed > 0 && outcome?.state == .failed
    let inspection = await beginInspection(ofAll: mayKeep || plan == nil)
    var leftovers: [String] = []
    let kept = await keepContainers()
    if let plan {
      var cleanup = PodCleanup(
        engine: engine, identity: plan.identity,
        limit: rest(of: begin) ?? request.timeouts.cleanup,
        limitOfOthers: cleanupLimit == nil ? .seconds(10) : nil, log: log)
      let known =
        containersToRemove.map { PodObject(.container, $0) }
        + created.of(.network) + (request.options.keepsVolumes ? [] : created.of(.volume))
      cleanup.kept = kept?.containers ?? []
      cleanup.prepare = { await inspection.inspect($0) }
      cleanup.isStopped =
        members.values.allSatisfy { $0.liveContainer == nil || !$0.hasStarted }
        && !hookContainers.contains { $0.value == nil }
      await slices.drop(request.taskID)
      leftovers = await cleanup.remove(
        known, madeContainers: madeContainers, hasUnconfirmedRequests: hasUnconfirmedRequests,
        ownsCgroup: ownsCgroup,
        cgroupLimit: min(.seconds(10), cleanupLimit ?? .seconds(10)))
      if plan.slice != nil { await slices.lower() }
      leftovers += pins?.release() ?? []
    }
    let drainLimit: Duration = cleanupLimit == nil ? .seconds(5) : .milliseconds(200)
    await withTaskGroup(of: Void.self) { group in
      for member in members.values {
        group.addTask {
          // The stream of a container that was never started doesn't end by itself.
          if member.hasStarted, member.run.number > 0, !member.isListenedTo {
            await member.output?.drain(within: drainLimit)
          } else {
            await member.output?.stop()
          }
        }
      }
    }
    if let splitLogs {
      let closing = Task { await splitLogs.close() }
      _ = await closing.hasEnded(within: .seconds(1))
    }
    var outcome =
      self.outcome
      ?? PodOutcome(state: .failed, message: "the pod stopped without a recorded reason")
    outcome.leftovers = leftovers
    if leftovers.isEmpty, kept == nil {
      await removeAnonymousVolumes(within: rest(of: begin) ?? .seconds(10))
      await removeImages(within: rest(of: begin) ?? .seconds(30))
    }
    await writeReport(outcome, inspection, keptUntil: kept.map { WallClock.text($0.until) })
    await runLastHooks(outcome, limit: rest(of: begin))
    return outcome
  }

  /// Removes the cgroup that this pod left to other pods of its executor when it ended.
  ///
  /// - Parameter limit: time limit for the removal.
  /// - Returns: descriptions of the cgroups that are left.
  package func removeCgroup(within limit: Duration) async -> [String] {
    guard let plan else { return [] }
    let inventory = PodInventory(engine: engine, doubt: .fail(plan.identity))
    // If another incarnation has objects of the run, it uses the same cgroup.
    guard let found = try? await inventory.observe(run: plan.identity.run),
      !found.own(plan.identity, made: []).hasOthers
    else { return [] }
    return await PodCgroups(identity: plan.identity, log: log).remove(within: limit)
  }

  /// The containers in the order of their removal: owners of network namespaces before containers
  /// without one, and those with published ports first, because their removal takes longest.
  private var containersToRemove: [String] {
    func rank(_ member: PodContainer) -> Int {
      let host = member.plan.create.hostConfig
      if host?.networkMode?.hasPrefix("container:") == true || host?.networkMode == "host" {
        return 2
      }
      return member.plan.ports.isEmpty ? 1 : 0
    }
    return members.values.filter { $0.container != nil }
      .sorted { (rank($0), $0.index) < (rank($1), $1.index) }.compactMap(\.container)
  }

  /// The remaining time for the removal; nil if there is no limit for the whole removal.
  private func rest(of begin: ContinuousClock.Instant) -> Duration? {
    cleanupLimit.map { max(.milliseconds(200), $0 - (.now - begin)) }
  }
}
