import Cgroups
import LibcgroupTree
import PodIdentity
import PodObjects
import Program

/// What one look at the host and at the engine has found, before anything is judged.
struct Survey: Sendable {
  /// Only pods of this run; nil for all.
  var run: String?
  /// The host, as it is now: /proc may have been mounted anew since the start.
  var host: HostFacts
  /// The boot that this program began in.
  var bootID: String?
  /// What is mounted; nil where that couldn't be read.
  var cgroups: LibcgroupTable?
  var slices: PodSlices
  /// Cgroups below the roots that no known dead run accounts for, seen before the engine was asked.
  var strangers: Set<String>
  /// What the engine has.
  var engine: Observation
  /// When the engine had answered.
  var time: BootTime

  var pods: [PodIdentity: ObservedPod] { engine.pods }

  /// Whether processes of the run live outside of the pod's containers.
  ///
  /// - Parameters:
  ///   - identity: the pod.
  ///   - pods: those of its run.
  /// - Returns: what was found.
  func cgroup(of identity: PodIdentity, among pods: [ObservedPod]) -> Finding {
    let path = identity.ownCgroup
    guard CgroupPath.isRun(path, identity.run) else {
      return .cgroupUnreadable("the label names no run's cgroup")
    }
    guard let cgroups else { return .cgroupUnreadable("/proc/self/mountinfo") }
    if let fault = cgroups.fault, fault.hidesCgroups { return .cgroupUnreadable("\(fault)") }
    // Another task of the same executor has its containers in the same cgroup.
    let containers = pods.flatMap { $0.objects.of(.container) }
      .flatMap { [$0.id, PodSlice.scope(of: $0.id)] }
    return switch cgroups.folders.look(path, passingOver: Set(containers)) {
    case .missing: .cgroupMissing
    case .empty: .cgroupEmpty
    case .populated(let processes): .cgroupPopulated(processes.count)
    case .unreadable(let why): .cgroupUnreadable(why)
    }
  }
}

/// What a survey's pods are thought of.
struct Assessment: Sendable {
  let survey: Survey
  let agent: AgentReply
  /// The records that were judged by.
  let records: [PodIdentity: EvidenceRecord]
  let verdicts: [PodIdentity: Verdict]
  /// The sandboxes of runs that the agent's hook named.
  let sandboxes: [String: String]
  /// When it was judged.
  let time: BootTime
  /// Which failed pods are kept.
  let keeping: KeptPods
  /// The pods whose executors are proven dead, kept ones included.
  private let dead: Set<PodIdentity>
  /// The cgroups of the pods whose executors aren't.
  private let sharedCgroups: Set<String>

  var pods: [PodIdentity: ObservedPod] { survey.pods }

  /// Judges a survey's pods.
  ///
  /// - Parameters:
  ///   - survey: what was found.
  ///   - agent: what the agent says.
  ///   - evidence: what is known, all of the survey included.
  ///   - grace: how old a proof must be.
  ///   - limits: how many failed pods are kept.
  init(
    _ survey: Survey, _ agent: AgentReply, by evidence: EvidenceStore, grace: Duration,
    keeping limits: KeepLimits = KeepLimits()
  ) {
    var survey = survey
    survey.host.processTableFailure =
      survey.host.processTableFailure ?? ProcessTableCheck.failure()
    let now = BootTime.now
    self.survey = survey
    self.agent = agent
    time = now
    records = evidence.records.filter { survey.pods[$0.key] != nil }
    var verdicts: [PodIdentity: Verdict] = [:]
    for (identity, record) in records {
      verdicts[identity] = Verdict.judge(
        identity, on: survey.host, by: record, now: now, grace: grace)
    }
    let dead = Set(verdicts.filter { $0.value.state == .leaked }.keys)
    self.dead = dead
    sharedCgroups = Set(survey.pods.keys.lazy.filter { !dead.contains($0) }.map(\.cgroupParent))
    keeping = KeptPods(survey.pods, verdicts, limits, at: now)
    for (identity, kept) in keeping.kept {
      verdicts[identity] = verdicts[identity]?.keeping(kept, limits, at: now)
    }
    for (identity, reason) in keeping.dropped {
      verdicts[identity] = verdicts[identity]?.dropping(reason)
    }
    self.verdicts = verdicts
    sandboxes = survey.pods.keys.reduce(into: [:]) { sandboxes, identity in
      sandboxes[identity.run] = evidence.hooks.starts[identity.run]?.sandbox
    }
  }

  /// The pods that are proven to be leaked.
  var leaked: [PodIdentity: ObservedPod] { pods.filter { verdicts[$0.key]?.state == .leaked } }

  /// Kept pods of executors that aren't proven dead, whose time is over.
  var expired: [PodIdentity: ObservedPod] {
    pods.filter { keeping.dropped[$0.key] != nil && !isDead($0.key) }
  }

  /// Whether a pod's executor is proven dead, whatever becomes of the pod.
  func isDead(_ identity: PodIdentity) -> Bool { dead.contains(identity) }

  /// When the first proof that is too young now will be old enough.
  var due: BootTime? { verdicts.values.compactMap(\.due).min() }

  /// Whether a cgroup is another pod's too: one executor may run several tasks below one cgroup,
  /// and a label can name another's.
  ///
  /// - Parameters:
  ///   - path: the cgroup.
  ///   - pods: the pods that there are now; nil for those of the survey.
  /// - Returns: whether it is.
  func isShared(_ path: String, _ pods: [PodIdentity: ObservedPod]? = nil) -> Bool {
    guard let pods else { return sharedCgroups.contains(path) }
    return pods.keys.contains { $0.cgroupParent == path && !isDead($0) }
  }

  /// Reports each pod.
  ///
  /// - Parameter results: what was removed since.
  /// - Returns: the report.
  func report(_ results: [PodIdentity: RemovalResult] = [:]) -> PassReport {
    var report = PassReport()
    report.dryRun = true
    report.inherited = survey.engine.inherited.map { Printable.text($0.container.name) }
    report.unlabelled = survey.engine.unlabelled.map { Printable.text($0) }
    report.pods = pods.keys.compactMap { self.report(of: $0, results[$0]) }
    return report
  }

  /// Reports one pod, and what was removed of it.
  func report(of identity: PodIdentity, _ result: RemovalResult? = nil) -> PodReport? {
    guard let pod = pods[identity], let verdict = verdicts[identity],
      let record = records[identity]
    else { return nil }
    var report = PodReport(
      pod, record, verdict, sandbox: sandboxes[identity.run], now: time)
    if let result { report.note(result) }
    return report
  }
}
