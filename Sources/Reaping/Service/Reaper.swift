import Cgroups
import DockerEngine
import Logging
import PodIdentity
import Program

/// Holds what is known of pods, judges them, and removes the leaked ones. All state of this program is here.
actor Reaper {
  let engine: DockerEngine
  let observer: EngineObserver
  let host: HostFacts
  let log: Logger
  private(set) var settings: ReaperSettings
  /// True where nothing is touched.
  let dryRun: Bool

  var records: [PodIdentity: EvidenceRecord] = [:]
  /// What could not be removed of a pod when it was last tried: said once, and tried once a pass from then on.
  private var stuck: [PodIdentity: [RemovalResult.Failure]] = [:]
  var pending: PendingRuns
  var imageDebts: ImageDebts
  /// What is mounted: read once at the start of each pass, nil where it couldn't be.
  private(set) var cgroups: CgroupRemoval?
  /// Since when a cgroup that no pod owns is seen to be abandoned.
  var abandoned: [String: BootTime] = [:]
  /// Since when a cgroup that no pod owns is seen to hold processes of containers that the engine has forgotten.
  var forgotten: [String: BootTime] = [:]
  /// Where the engine keeps its files, once it was asked.
  var engineData: String?
  /// Such containers that the log has named.
  var saidForgotten: Set<String> = []
  var counters = Counters()
  var hooks = HookMemory()
  /// Leases that are held, by how many connections, and those of executors that were seen to end while they held one.
  var leases: [LeaseHolder: Int] = [:]
  var ended: [LeaseHolder: BootTime] = [:]
  let watches = ProcessWatches()
  nonisolated let progress = Progress()
  nonisolated let health = Health()
  private var gate: Gate
  /// Of its own, so that what the engine hangs at takes nobody else's place.
  private var stuckGate: Gate

  init(settings: ReaperSettings, engine: DockerEngine, dryRun: Bool, log: Logger) {
    self.settings = settings
    self.engine = engine
    self.dryRun = dryRun
    self.log = log
    observer = EngineObserver(engine: engine, progress: progress)
    host = HostFacts.current(engine: engine.endpoint)
    pending = PendingRuns(path: settings.stateFolder + "/pending.json", bootID: host.bootID)
    imageDebts = ImageDebts(path: settings.stateFolder + "/images.json")
    gate = Gate(settings.removal.parallel)
    stuckGate = Gate(settings.removal.parallel)
  }

  /// Takes other settings from the next pass on; where lock, sockets and journal are stays as it was at the start, when
  /// those places were made and checked.
  func apply(_ new: ReaperSettings) {
    let old = settings
    settings = new
    (settings.runFolder, settings.stateFolder) = (old.runFolder, old.stateFolder)
    gate = Gate(new.removal.parallel)
    stuckGate = Gate(new.removal.parallel)
  }

  /// Looks, judges, and removes what is leaked. Passes never overlap: who calls sees to that.
  ///
  /// - Parameters:
  ///   - run: only pods of this run; nil for all, and for cgroups that no pod owns.
  ///   - removes: false only looks.
  /// - Returns: what there is to tell; `due` is when proof that is too young now will be old enough.
  /// - Throws: `EngineError` where the engine can't be asked.
  func pass(run: String? = nil, removes: Bool = true) async throws -> (
    report: PassReport, due: BootTime?
  ) {
    let began = ContinuousClock.now
    if removes { pending.read() }
    // /proc may have been mounted anew since the start, or may be while processes are looked for.
    var host = HostFacts.current(engine: engine.endpoint)
    cgroups = try? CgroupRemoval()
    if let failure = cgroups?.libraryFailure { log.debug("cgroups without \(failure)") }
    // Cgroups first: a pod that begins in between has its objects in the later look.
    let slices = run == nil ? await PodSlices.current(log) : PodSlices()
    let folders = run == nil ? strangers(slices) : []
    let observation = try await observer.look(run: run)
    progress.step()
    let pods = observation.pods
    let time = BootTime.now
    for identity in pods.keys where records[identity] == nil {
      records[identity] = EvidenceRecord(firstSeen: time)
    }
    let view = await agentView(isNeeded: needsAgent(pods, folders, isFull: run == nil))
    for identity in pods.keys { await gather(identity, of: pods, view) }
    host.processTableFailure = host.processTableFailure ?? ProcessTableCheck.failure()
    let now = BootTime.now
    var verdicts: [PodIdentity: Verdict] = [:]
    for identity in pods.keys {
      guard let record = records[identity] else { continue }
      verdicts[identity] = Verdict.judge(
        identity, on: host, by: record, now: now, grace: settings.grace)
    }
    var report = PassReport()
    report.dryRun = dryRun || !removes
    report.inherited = observation.inherited.map { Printable.text($0.name) }
    report.unlabelled = observation.unlabelled.map { Printable.text($0) }
    let results = dryRun || !removes ? [:] : await remove(pods, verdicts)
    for (identity, pod) in pods {
      guard let verdict = verdicts[identity], let record = records[identity] else { continue }
      var entry = PodReport(
        pod, record, verdict, sandbox: hooks.starts[identity.run]?.sandbox, now: now)
      if let result = results[identity] {
        entry.note(result)
        finish(identity, verdict, entry, result)
      }
      report.pods.append(entry)
    }
    var due = verdicts.values.compactMap(\.due).min()
    if removes, host.processTableFailure == nil { await removeDeserted(run, pods, &report) }
    if run == nil {
      if removes {
        let later =
          host.processTableFailure == nil
          ? await removeCgroups(folders, slices, pods, verdicts, view, &report) : nil
        due = [due, later].compactMap { $0 }.min()
      }
      forget(all: pods)
      counters.pods = pods.keys.filter { verdicts[$0]?.state == .alive }
        .map { PodFigures.Source(task: $0.taskID, run: $0.run, path: $0.cgroupParent) }
        .sorted { ($0.task, $0.run) < ($1.task, $1.run) }
      if removes { counters.note(passOver: verdicts.values.map(\.state), since: began) }
    }
    report.makePrintable()
    return (report, due)
  }

  // MARK: Removing

  private func remove(
    _ pods: [PodIdentity: ObservedPod], _ verdicts: [PodIdentity: Verdict]
  ) async -> [PodIdentity: RemovalResult] {
    let leaked = pods.filter { verdicts[$0.key]?.state == .leaked }
    for (identity, pod) in leaked where stuck[identity] == nil {
      log.notice(
        "leaked: \(pod.count) objects of a dead executor",
        metadata: Self.fields(identity, ["why": "\(verdicts[identity]?.why ?? "")"]))
    }
    notePending(Array(leaked.keys), pods, verdicts)
    noteImages(Array(leaked.values))
    defer { forgetPending(Array(leaked.keys)) }
    var results = await withTaskGroup(of: (PodIdentity, RemovalResult).self) { group in
      for (identity, pod) in leaked {
        let frozen = frozenCgroup(of: identity, pods, verdicts)
        var policy = settings.removal
        // What was refused all along must not hold up the pods that come after.
        if stuck[identity] != nil { policy.patience = .zero }
        let removal = PodRemoval(
          engine: engine, policy: policy, gate: stuck[identity] == nil ? gate : stuckGate,
          progress: progress)
        group.addTask { [log] in
          await frozen?.thaw(log, Self.fields(identity, [:]))
          return (identity, await removal.remove(pod))
        }
      }
      var results: [PodIdentity: RemovalResult] = [:]
      for await (identity, result) in group { results[identity] = result }
      // Last, since removing cgroups holds up the engine, which makes and removes its own.
      for (identity, result) in results where result.failed.isEmpty {
        results[identity]?.merge(await removeCgroup(of: identity, pods, verdicts))
        progress.step()
      }
      return results
    }
    await removeImages(pods, &results)
    return results
  }

  /// One line in the log, one in the journal.
  private func finish(
    _ identity: PodIdentity, _ verdict: Verdict, _ report: PodReport, _ result: RemovalResult
  ) {
    let known = stuck[identity]
    stuck[identity] = result.failed.isEmpty ? nil : result.failed
    if known == nil { counters.leaks += 1 }
    for failure in result.failed where known?.contains(failure) != true {
      counters.failed[failure.kind, default: 0] += 1
    }
    if known == result.failed, !result.didRemove { return }
    let since = verdict.deadSince.map { (BootTime.now - $0).inSeconds }
    for (kind, names) in result.removed { counters.removed[kind, default: 0] += names.count }
    if let since { counters.note(secondsToGone: since) }
    let count = result.removed.values.map(\.count).reduce(0, +)
    if result.failed.isEmpty {
      log.notice("removed \(count) objects", metadata: Self.fields(identity, [:]))
    } else {
      let left = report.failed.map { "\($0.kind) \($0.name): \($0.reason)" }
      log.error(
        "not removed: \(left.joined(separator: "; "))", metadata: Self.fields(identity, [:]))
    }
    let entry = Journal.Entry(
      time: Timestamp.now, verdict: report.verdict, why: report.why, task: report.task,
      run: report.run, framework: report.framework, executor: report.executor,
      evidence: report.evidence.map { "\($0.source): \($0.words)" }, removed: report.removed,
      failed: report.failed.map { "\($0.kind) \($0.name): \($0.reason)" }, pending: report.pending,
      secondsSinceDeath: since)
    do {
      try Journal(path: settings.stateFolder + "/journal.jsonl", limit: settings.journalSize)
        .append(entry)
    } catch {
      log.error("the journal in \(settings.stateFolder) can't be written: \(error)")
    }
  }

  static func fields(_ identity: PodIdentity, _ more: Logger.Metadata) -> Logger.Metadata {
    [
      "task": "\(Printable.text(identity.taskID))", "run": "\(Printable.text(identity.run))",
    ].merging(more) { $1 }
  }

  /// A dead incarnation is remembered for ten minutes after its last object: dockerd completes what a client that
  /// died had asked for, and that goes at once.
  private func forget(all pods: [PodIdentity: ObservedPod]) {
    let runs = Set(pods.keys.map(\.run))
    let now = BootTime.now
    ended = ended.filter { runs.contains($0.key.run) || now - $0.value <= .seconds(600) }
    for (identity, record) in records where pods[identity] == nil {
      let newest = record.evidence.map(\.time).max() ?? record.firstSeen
      if now - newest > .seconds(600) {
        records[identity] = nil
        stuck[identity] = nil
        watches.end(identity)
      }
    }
  }
}

/// What is counted for the metrics.
struct Counters: Sendable {
  var passes = 0
  var passSeconds = 0.0
  var verdicts: [Verdict.State: Int] = [:]
  var leaks = 0
  var removed: [String: Int] = [:]
  var failed: [String: Int] = [:]
  var engineErrors = 0
  var agentErrors = 0
  var hookEvents = 0
  /// The pods that live.
  var pods: [PodFigures.Source] = []
  /// From a noticed death to the end of its removal: count and sum.
  var goneCount = 0
  var goneSeconds = 0.0

  /// Counts a full pass that removes.
  mutating func note(passOver states: [Verdict.State], since began: ContinuousClock.Instant) {
    passes += 1
    passSeconds = (ContinuousClock.now - began).inSeconds
    verdicts = Dictionary(grouping: states) { $0 }.mapValues(\.count)
  }

  mutating func note(secondsToGone seconds: Double) {
    goneCount += 1
    goneSeconds += seconds
  }
}
