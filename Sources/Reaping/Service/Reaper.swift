import Cgroups
import Concurrency
import DockerEngine
import HookEvents
import LibcgroupTree
import Logging
import PodIdentity
import PodObjects
import Program

/// Knows what was observed of pods, judges them, and removes the leaked ones.
///
/// It owns all state that outlives a pass. The largest parts are values: the evidence about executors,
/// the cgroups that remain to be removed, and the results of removals. Inputs add to the evidence.
/// ``observe(run:)`` changes nothing. ``reap(run:)`` is the only function that removes anything, one
/// call at a time.
package actor Reaper {
  private(set) var evidence = EvidenceStore()
  private(set) var janitor: CgroupJanitor
  var ledger: RemovalLedger

  private(set) var settings: ReaperSettings
  nonisolated let engine: DockerEngine
  /// The host as it was when this program began.
  nonisolated let host: HostFacts
  /// Whether nothing is removed.
  nonisolated let dryRun: Bool
  nonisolated let processes = PidfdMonitor()
  nonisolated let progress = PassHeartbeat()
  nonisolated let health = Health()
  nonisolated let log: Logger
  private let observer: PodInventory
  /// Serves those who only observe, so that a pass that hangs isn't taken for one that gets on.
  private let onlooker: PodInventory
  /// The pods of dead executors that were reported on, or can't be.
  var reported: Set<PodIdentity> = []
  private let turn = AsyncSemaphore(value: 1)
  private var removals: AsyncSemaphore
  /// Of its own, so that what the engine hangs at takes nobody else's place.
  private var retries: AsyncSemaphore
  /// Attempts to keep failed pods of dead executors.
  var keeping = KeepAttempts()
  /// The disk was too full, and hasn't been emptied enough since.
  var isReclaimingDisk = false
  /// What was said in the log and still holds, by its kind.
  var said: [String: String] = [:]

  init(settings: ReaperSettings, engine: DockerEngine, dryRun: Bool, log: Logger) {
    self.settings = settings
    self.engine = engine
    self.dryRun = dryRun
    self.log = log
    observer = PodInventory(engine: engine, doubt: .leaveAlone, progress: progress.step)
    onlooker = PodInventory(engine: engine, doubt: .leaveAlone)
    host = HostFacts.current(engine: engine.endpoint)
    janitor = CgroupJanitor(path: settings.stateFolder + "/pending.json", bootID: host.bootID)
    ledger = RemovalLedger(imageDebts: ImageDebts(path: settings.stateFolder + "/images.json"))
    removals = AsyncSemaphore(value: settings.parallel)
    retries = AsyncSemaphore(value: settings.parallel)
  }

  /// Applies other settings from the next pass on; where lock, sockets and journal are stays as it
  /// was at the start, when those places were made and checked.
  func apply(_ new: ReaperSettings) {
    let old = settings
    settings = new
    (settings.runFolder, settings.stateFolder) = (old.runFolder, old.stateFolder)
    removals = AsyncSemaphore(value: new.parallel)
    retries = AsyncSemaphore(value: new.parallel)
  }

  // MARK: Inputs

  /// Handles an event of the agent's hook.
  ///
  /// - Returns: whether it calls for a pass: it never proves anything.
  func handle(_ event: HookEvent) -> Bool {
    ledger.counters.hookEvents += 1
    guard event.bootID == nil || event.bootID == host.bootID else { return false }
    log.debug("hook event", metadata: ["kind": "\(event.kind)"])
    return evidence.handle(event)
  }

  /// Handles an event of a lease.
  ///
  /// - Returns: whether it calls for a pass over the run's pods.
  func handle(_ event: LeaseEvent) -> Bool {
    ledger.counters.note(event)
    return evidence.handle(event)
  }

  /// Handles the end of an executor's process, which its pidfd reported.
  func handleEnd(of identity: PodIdentity) { evidence.handleEnd(of: identity) }

  /// Handles an event of a pod's container.
  ///
  /// - Returns: whether it calls for a pass: the pod's executor is dead, or can't be told to live.
  ///   A living executor's container is its own business; once watched, its end is reported.
  func handleContainer(of identity: PodIdentity) -> Bool {
    guard identity.incarnation.bootID == host.bootID, let look = identity.incarnation.look() else {
      return evidence.records[identity] == nil
    }
    guard look == .alive else { return true }
    evidence.noteAlive(identity)
    processes.watch(identity)
    return false
  }

  /// Counts a failure of the engine.
  func noteEngineError() { ledger.counters.engineErrors += 1 }

  // MARK: Observing

  /// Looks and judges. Nothing that it learns counts for a later pass.
  ///
  /// - Parameter run: only pods of this run; nil for all.
  /// - Returns: what is thought of the pods.
  /// - Throws: `EngineError` where the engine can't be asked.
  func observe(run: String? = nil) async throws -> Assessment {
    let survey = try await survey(run, by: onlooker)
    let agent = await askAgent(about: survey)
    var evidence = evidence
    evidence.begin(survey.pods.keys, at: survey.time)
    _ = evidence.gather(survey, agent, settings.checkpoint)
    return Assessment(
      survey, agent, by: evidence, grace: settings.grace, keeping: await keepLimits(survey))
  }

  /// What metrics are made of: the counts, and the hierarchies as the last pass found them.
  var figures: (counters: Counters, mounts: CgroupMounts?) { (ledger.counters, janitor.mounts) }

  private func survey(_ run: String?, by observer: PodInventory) async throws -> Survey {
    // /proc may have been mounted anew since the start, or may be while processes are looked for.
    let now = HostFacts.current(engine: engine.endpoint)
    let cgroups = try? LibcgroupTable.current()
    if let failure = cgroups?.failure { log.debug("cgroups without \(failure)") }
    // Cgroups first: a pod that begins in between has its objects in the later look.
    let slices = run == nil ? await PodSlices.current(log) : PodSlices()
    var strangers: Set<String> = []
    if run == nil, let folders = cgroups?.folders {
      strangers = janitor.strangers(folders, slices, settings, evidence)
    }
    let found = try await observer.observe(run: run)
    return Survey(
      run: run, host: now, bootID: host.bootID, cgroups: cgroups, slices: slices,
      strangers: strangers, engine: found, time: .now)
  }

  private func askAgent(about survey: Survey) async -> AgentReply {
    guard let agent = settings.agent else { return .none }
    let isUnknown = survey.pods.keys.contains {
      $0.incarnation.pid == nil || $0.incarnation.startTime == nil
    }
    let hasRuns =
      survey.run == nil
      && (!janitor.pending.runs.isEmpty || survey.strangers.contains { !CgroupPath.isOwn($0) })
    guard isUnknown || hasRuns else { return .none }
    do {
      return .view(try await agent.look())
    } catch {
      log.warning("the agent can't be asked: \(error)")
      return .failure("\(error)")
    }
  }

  // MARK: Reaping

  /// What a pass came to.
  struct Pass: Sendable {
    var report: PassReport
    /// When proof that is too young now will be old enough.
    var due: BootTime?
  }

  /// Looks, judges, keeps what that has taught, and removes what is leaked, after the pass that is
  /// under way. A dry run learns as much, since a proof must be seen to last, and removes nothing.
  ///
  /// - Parameter run: only pods of this run; nil for all, and for cgroups that no pod owns.
  /// - Returns: what was done.
  /// - Throws: `EngineError` where the engine can't be asked; `CancellationError`.
  func reap(run: String? = nil) async throws -> Pass {
    try await turn.withPermit { try await self.pass(run) }
  }

  private func pass(_ run: String?) async throws -> Pass {
    let began = ContinuousClock.now
    if run == nil, !dryRun { prepareImageState() }
    let assessment = try await learn(run)
    let sweep = assessment.survey.cgroups.map {
      CgroupSweep(
        remover: CgroupRemover(folders: $0.folders, keeping: $0.own), assessment: assessment,
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
      ledger.counters.note(assessment, since: began)
    }
    pass.report.makePrintable()
    return pass
  }

  private func learn(_ run: String?) async throws -> Assessment {
    janitor.pending.read()
    let survey = try await survey(run, by: observer)
    progress.step()
    janitor.mounts = survey.cgroups?.folders.mounts
    evidence.begin(survey.pods.keys, at: survey.time)
    let agent = await askAgent(about: survey)
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
    // Kept pods of executors that live: nothing but what the engine has of them goes.
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
    ledger.noteImages(of: Array(leaked.values) + Array(expired.values), log)
    var results = await withTaskGroup(of: (PodIdentity, RemovalResult).self) { group in
      for (identity, pod) in leaked.merging(expired, uniquingKeysWith: { $1 }) {
        let isRetry = ledger.failures[identity] != nil
        var policy = settings.removal
        // What was refused all along must not hold up the pods that come after.
        if isRetry { policy.patience = .zero }
        let remover = PodRemover(
          engine: engine, policy: policy, gate: isRetry ? retries : removals,
          progress: progress.step
        ) { error in
          if Task.isCancelled { return "pod-reaper was told to end" }
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
    // Last, since removing cgroups holds up the engine, which makes and removes its own.
    for (identity, result) in results
    where result.failed.isEmpty && expired[identity] == nil {
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
