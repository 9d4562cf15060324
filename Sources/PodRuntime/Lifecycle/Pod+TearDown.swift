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
    isBeingRemoved = true
    if let cleanupLimit { cleanupDeadline = .now + cleanupLimit }
    let mayKeep = request.options.keepFailed > 0 && outcome?.state == .failed
    let inspection = await beginInspection(ofAll: mayKeep || plan == nil)
    var leftovers: [String] = []
    let kept = await keepContainers()
    if let plan {
      var cleanup = PodCleanup(
        engine: engine, identity: plan.identity,
        limit: rest ?? request.timeouts.cleanup,
        limitOfOthers: cleanupLimit == nil ? .seconds(10) : nil, log: log)
      let known =
        containersToRemove.map { PodObject(.container, $0) }
        + created.of(.network) + (request.options.keepsVolumes ? [] : created.of(.volume))
      cleanup.deadline = { await self.cleanupDeadline }
      cleanup.kept = kept?.containers ?? []
      cleanup.prepare = { await inspection.inspect($0) }
      cleanup.isStopped =
        members.values.allSatisfy { $0.liveContainer == nil || !$0.hasStarted }
        && !hookContainers.contains { $0.value == nil }
      await slices.drop(request.taskID)
      leftovers = await cleanup.remove(
        known, madeContainers: madeContainers, hasUnconfirmedRequests: hasUnconfirmedRequests,
        ownsCgroup: ownsCgroup)
      if plan.slice != nil { await slices.lower() }
      leftovers += pins?.release() ?? []
    }
    let drainLimit: Duration = cleanupLimit == nil ? .seconds(5) : .milliseconds(200)
    let outputs = members.values.map { member in
      // The stream of a container that was never started doesn't end by itself.
      (member.output, ends: member.hasStarted && member.run.number > 0 && !member.isListenedTo)
    }
    await untilShutdown {
      await withTaskGroup(of: Void.self) { group in
        for (output, ends) in outputs {
          group.addTask {
            if ends { await output?.drain(within: drainLimit) } else { await output?.stop() }
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
      let limits = (volumes: rest ?? .seconds(10), images: rest ?? .seconds(30))
      await untilShutdown {
        await self.removeAnonymousVolumes(within: limits.volumes)
        if Task.isCancelled { return }
        await self.removeImages(within: limits.images)
      }
    }
    await writeReport(outcome, inspection, keptUntil: kept.map { WallClock.text($0.until) })
    await runLastHooks(outcome, limit: rest)
    return outcome
  }

  /// Removes the cgroup that this pod left to other pods of its executor when it ended.
  ///
  /// - Parameters:
  ///   - limit: time limit for the removal.
  ///   - ownsCgroup: whether still no other pod of this executor uses its cgroup.
  /// - Returns: descriptions of the cgroups that are left.
  package func removeCgroup(
    within limit: Duration, while ownsCgroup: @escaping @Sendable () async -> Bool
  ) async -> [String] {
    guard let plan else { return [] }
    let inventory = PodInventory(engine: engine, doubt: .fail(plan.identity))
    // If another incarnation has objects of the run, it uses the same cgroup.
    guard let found = try? await inventory.observe(run: plan.identity.run),
      !found.own(plan.identity, made: []).hasOthers
    else { return [] }
    return await PodCgroups(identity: plan.identity, log: log)
      .remove(within: limit, while: ownsCgroup)
  }

  /// The containers in the order of their removal: owners of network namespaces before containers
  /// without one, and those with published ports first, because their removal takes longest. Then
  /// those of hooks and secrets, and discarded ones whose removal failed: if the engine hangs, no
  /// observation finds them.
  private var containersToRemove: [String] {
    func rank(_ member: PodContainer) -> Int {
      let host = member.plan.create.hostConfig
      if host?.networkMode?.hasPrefix("container:") == true || host?.networkMode == "host" {
        return 2
      }
      return member.plan.ports.isEmpty ? 1 : 0
    }
    let services = members.values.filter { $0.container != nil }
      .sorted { (rank($0), $0.index) < (rank($1), $1.index) }.compactMap(\.container)
    var known = removedContainers.union(services)
    return services + madeContainers.filter { known.insert($0).inserted }
  }

  /// The remaining time for the removal; nil if there is no limit for the whole removal.
  private var rest: Duration? {
    cleanupDeadline.map { max(.milliseconds(200), $0 - .now) }
  }

  /// Runs a step that must not delay the end of a pod whose executor is shut down meanwhile.
  private func untilShutdown(_ step: @escaping @Sendable () async -> Void) async {
    let work = Task { await step() }
    while !(await work.hasEnded(within: .milliseconds(250))) {
      if let cleanupDeadline, .now >= cleanupDeadline { return work.cancel() }
    }
  }
}
