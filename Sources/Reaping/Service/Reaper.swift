import Cgroups
import Concurrency
import DockerEngine
import HookEvents
import LibcgroupTree
import Logging
import PodIdentity
import PodObjects
import Program

/// Collects evidence about pods, decides which are leaked, and removes the leaked ones.
///
/// It owns all state that outlives a pass. The largest parts are values: the evidence about
/// executors, the cgroups that remain to be removed, and the results of removals. Inputs add to the
/// evidence. ``observe(run:)`` changes nothing. ``reap(run:)`` is the only function that removes
/// anything, one call at a time.
package actor Reaper {
  private(set) var evidence = EvidenceStore()
  private(set) var janitor: CgroupJanitor
  var ledger: RemovalLedger

  private(set) var settings: ReaperSettings
  nonisolated let engine: DockerEngine
  /// The host at the start of this program.
  nonisolated let host: HostFacts
  /// Whether it only reports and removes nothing.
  nonisolated let dryRun: Bool
  nonisolated let processes = PidfdMonitor()
  nonisolated let progress = PassHeartbeat()
  nonisolated let health = Health()
  nonisolated let log: Logger
  private let observer: PodInventory
  /// Used by ``observe(run:)``, so that its steps don't count as progress of a pass.
  private let readOnlyInventory: PodInventory
  /// The pods of dead executors whose report was written, or can't be.
  var reported: Set<PodIdentity> = []
  private let turn = AsyncSemaphore(value: 1)
  private var removals: AsyncSemaphore
  /// Separate, so that removals that the engine blocks don't use up the permits of others.
  private var retries: AsyncSemaphore
  /// Limits removal requests, as `RequestKind` does for executors: with more, dockerd can keep
  /// endpoints of removed containers.
  private let requests = AsyncSemaphore(value: 8)
  /// The same for containers whose removal has failed before, and may hang again.
  private let retriedRequests = AsyncSemaphore(value: 2)
  /// The attempts to keep failed pods of dead executors.
  var keeping = KeepAttempts()
  /// The disk was too full, and its usage is still above the low mark.
  var isReclaimingDisk = false
  /// The warnings in the log that still apply, by kind.
  var logged: [String: String] = [:]

  init(settings: ReaperSettings, engine: DockerEngine, dryRun: Bool, log: Logger) {
    self.settings = settings
    self.engine = engine
    self.dryRun = dryRun
    self.log = log
    observer = PodInventory(engine: engine, doubt: .leaveAlone, progress: progress.step)
    readOnlyInventory = PodInventory(engine: engine, doubt: .leaveAlone)
    host = HostFacts.current(engine: engine.endpoint)
    janitor = CgroupJanitor(path: settings.stateDirectory + "/pending.json", bootID: host.bootID)
    ledger = RemovalLedger(imageDebts: ImageDebts(path: settings.stateDirectory + "/images.json"))
    removals = AsyncSemaphore(value: settings.parallel)
    retries = AsyncSemaphore(value: settings.parallel)
  }

  /// Applies other settings from the next pass on. The directories of the lock, sockets and journal
  /// don't change, because they are created and checked at the start.
  func apply(_ new: ReaperSettings) {
    let old = settings
    settings = new
    (settings.runDirectory, settings.stateDirectory) = (old.runDirectory, old.stateDirectory)
    removals = AsyncSemaphore(value: new.parallel)
    retries = AsyncSemaphore(value: new.parallel)
  }

  // MARK: Inputs

  /// Handles an event of the agent's hook.
  ///
  /// - Returns: whether a pass is needed. The event itself is never a proof of death.
  func handle(_ event: HookEvent) -> Bool {
    ledger.counters.hookEvents += 1
    guard event.bootID == nil || event.bootID == host.bootID else { return false }
    log.debug("hook event", metadata: ["kind": "\(event.kind)"])
    return evidence.handle(event)
  }

  /// Handles an event of a lease.
  ///
  /// - Returns: whether a pass over the run's pods is needed.
  func handle(_ event: LeaseEvent) -> Bool {
    ledger.counters.record(event)
    return evidence.handle(event)
  }

  /// Handles the exit of an executor's process, which its pidfd reported.
  func handleEnd(of identity: PodIdentity) { evidence.handleEnd(of: identity) }

  /// Handles an event of a pod's container.
  ///
  /// - Returns: whether a pass is needed: the pod's executor is dead, or its state isn't known. If
  ///   it is alive, no pass is needed, and a pidfd will report its exit.
  func handleContainer(of identity: PodIdentity) -> Bool {
    guard identity.incarnation.bootID == host.bootID, let status = identity.incarnation.inspect()
    else {
      return evidence.records[identity] == nil
    }
    guard status == .alive else { return true }
    evidence.recordAlive(identity)
    processes.watch(identity)
    return false
  }

  /// Counts a failure of the engine.
  func recordEngineError() { ledger.counters.engineErrors += 1 }

  // MARK: Observing

  /// Observes pods and decides their verdicts. It adds nothing to the evidence for later passes.
  ///
  /// - Parameter run: only pods of this run; nil for all.
  /// - Returns: the verdicts about the pods.
  /// - Throws: `EngineError` if the engine can't be queried.
  func observe(run: String? = nil) async throws -> Assessment {
    let survey = try await survey(run, by: readOnlyInventory)
    let agent = await queryAgent(about: survey)
    var evidence = evidence
    evidence.begin(survey.pods.keys, at: survey.time)
    _ = evidence.gather(survey, agent, settings.checkpoint)
    return Assessment(
      survey, agent, by: evidence, grace: settings.grace, keeping: await keepLimits(survey))
  }

  /// The values for the metrics: the counters, and the hierarchies of the last pass.
  var figures: (counters: Counters, mounts: CgroupMounts?) { (ledger.counters, janitor.mounts) }

  private func survey(_ run: String?, by observer: PodInventory) async throws -> Survey {
    // /proc may have been mounted again since the start, or during the search for processes.
    let now = HostFacts.current(engine: engine.endpoint)
    let cgroups = try? LibcgroupTable.current()
    if let failure = cgroups?.failure { log.debug("cgroups without \(failure)") }
    // Cgroups are listed first: a pod that starts in between then has objects in the later list.
    let slices = run == nil ? await PodSlices.current(log) : PodSlices()
    var strangers: Set<String> = []
    if run == nil, let tree = cgroups?.tree {
      strangers = janitor.strangers(tree, slices, settings, evidence)
    }
    let found = try await observer.observe(run: run)
    return Survey(
      run: run, host: now, bootID: host.bootID, cgroups: cgroups, slices: slices,
      strangers: strangers, engine: found, time: .now)
  }

  private func queryAgent(about survey: Survey) async -> AgentReply {
    guard let agent = settings.agent else { return .none }
    let isUnknown = survey.pods.keys.contains {
      $0.incarnation.pid == nil || $0.incarnation.startTime == nil
    }
    let hasRuns =
      survey.run == nil
      && (!janitor.pending.runs.isEmpty || survey.strangers.contains { !CgroupPath.isOwn($0) })
    guard isUnknown || hasRuns else { return .none }
    do {
      return .view(try await agent.observe())
    } catch {
      log.warning("the agent can't be queried: \(error)")
      return .failure("\(error)")
    }
  }

  // MARK: Reaping

  /// The result of a pass.
  struct Pass: Sendable {
    var report: PassReport
    /// When a proof that is still too young will be old enough.
    var due: BootTime?
  }

  /// Waits for the pass in progress. Then observes pods, adds to the evidence, decides the verdicts,
  /// and removes what is leaked. A dry run also adds to the evidence, since a proof must hold for
  /// some time, but removes nothing.
  ///
  /// - Parameter run: only pods of this run; nil for all, and for cgroups without a pod.
  /// - Returns: the result.
  /// - Throws: `EngineError` if the engine can't be queried; `CancellationError`.
  func reap(run: String? = nil) async throws -> Pass {
    try await turn.withPermit { try await self.pass(run) }
  }

  private func pass(_ run: String?) async throws -> Pass {
    let began = ContinuousClock.now
    if run == nil, !dryRun { prepareImageState() }
    let assessment = try await learn(run)
    let sweep = assessment.survey.cgroups.map {
      CgroupSweep(
        remover: CgroupRemover(tree: $0.tree, keeping: $0.own), assessment: assessment,
        host: host, settings: settings, observer: observer, log: log
      ) { await self.evidence }
    }
    var results: [PodIdentity: RemovalResult] = [:]
    if !dryRun {
      await writeCrashReports(assessment)
      results = await remove(assessment, sweep)
      await keep(assessment, sweep, &results)
    }
    var pass = Pass(report: assessment.report(results), due: assessment.due)
    pass.report.dryRun = dryRun
    if let sweep, assessment.survey.host.processTableFailure == nil {
      if !dryRun { await sweep.removeEnded(&pass.report) }
      if run == nil {
        let outcome = await sweep.removeRuns(janitor, removes: !dryRun, &pass.report)
        janitor = outcome.janitor
        ledger.counters.failed["cgroups", default: 0] += outcome.failed
        pass.due = [pass.due, outcome.due].compactMap { $0 }.min()
      }
      ledger.counters.removed["cgroups", default: 0] += pass.report.cgroupsRemoved.count
    }
    if run == nil, !dryRun { removeAbandoned() }
    if run == nil { pass.report.images = try await careForImages() }
    if run == nil {
      for identity in evidence.forget(all: assessment.pods) {
        ledger.forget(identity)
        keeping.forget(identity)
        processes.end(identity)
      }
      ledger.counters.record(assessment, since: began)
    }
    pass.report.makePrintable()
    return pass
  }

  private func learn(_ run: String?) async throws -> Assessment {
    janitor.pending.read()
    let survey = try await survey(run, by: observer)
    progress.step()
    janitor.mounts = survey.cgroups?.tree.mounts
    evidence.begin(survey.pods.keys, at: survey.time)
    let agent = await queryAgent(about: survey)
    if case .failure = agent { ledger.counters.agentErrors += 1 }
    for identity in evidence.gather(survey, agent, settings.checkpoint) {
      processes.watch(identity)
    }
    return Assessment(
      survey, agent, by: evidence, grace: settings.grace, keeping: await keepLimits(survey))
  }

  private func remove(
    _ assessment: Assessment, _ sweep: CgroupSweep?
  ) async -> [PodIdentity: RemovalResult] {
    let leaked = assessment.leaked
    // Kept pods of living executors: only their objects on the engine are removed.
    let expired = assessment.expired
    for (identity, pod) in leaked.merging(expired, uniquingKeysWith: { $1 })
    where ledger.failures[identity] == nil {
      let why = assessment.verdicts[identity]?.why ?? ""
      let what = expired[identity] == nil ? "leaked" : "no longer kept"
      let whose = expired[identity] == nil ? "dead" : "living"
      log.notice(
        "\(what): \(pod.objects.count) objects of a \(whose) executor",
        metadata: identity.logFields.merging(["why": "\(why)"]) { $1 })
    }
    janitor.add(leaked.keys, assessment, log)
    ledger.recordImages(of: Array(leaked.values) + Array(expired.values), log)
    var results = await withTaskGroup(of: (PodIdentity, RemovalResult).self) { group in
      for (identity, pod) in leaked.merging(expired, uniquingKeysWith: { $1 }) {
        let isRetry = ledger.failures[identity] != nil
        var policy = settings.removal
        // Repeated failures must not delay the removal of other pods.
        if isRetry { policy.patience = .zero }
        let remover = PodRemover(
          engine: engine, policy: policy, gate: isRetry ? retries : removals,
          requests: isRetry ? retriedRequests : requests, progress: progress.step
        ) { error in
          if Task.isCancelled { return "pod-reaper is stopping" }
          return (error as? EngineError)?.message ?? "\(error)"
        }
        group.addTask {
          if expired[identity] == nil { await sweep?.thaw(identity) }
          return (identity, await remover.remove(pod.objects, of: identity))
        }
      }
      var results: [PodIdentity: RemovalResult] = [:]
      for await (identity, result) in group { results[identity] = result }
      return results
    }
    // Cgroups are removed last, because that slows down the engine, which creates and removes its
    // own. They don't depend on networks and volumes, which another client may hold.
    for (identity, result) in results
    where expired[identity] == nil && !result.failed.contains(where: { $0.kind == "containers" }) {
      if let sweep { results[identity]?.merge(await sweep.removeCgroup(of: identity)) }
      progress.step()
    }
    await takePromises(of: assessment.survey.run)
    await removeImages(assessment.pods, of: assessment.survey.run, &results)
    janitor.removeGone(leaked.keys, assessment, log)
    for (identity, result) in results {
      guard let report = assessment.report(of: identity, result),
        let verdict = assessment.verdicts[identity]
      else { continue }
      ledger.finish(identity, verdict, report, result, settings, log)
    }
    return results
  }
}
