import Cgroups
import LibcgroupTree
import PodIdentity
import PodObjects
import Program

/// The objects found on the host and the engine at one time, before any verdict.
struct Survey: Sendable {
  /// Only pods of this run; nil for all.
  var run: String?
  /// The current state of the host: /proc may have been mounted again since the start.
  var host: HostFacts
  /// The boot ID at the start of this program.
  var bootID: String?
  /// The cgroup hierarchies; nil if they couldn't be read.
  var cgroups: LibcgroupTable?
  var slices: PodSlices
  /// Cgroups below the roots that belong to no known dead run. They were listed before the engine
  /// was queried.
  var strangers: Set<String>
  /// The engine's objects.
  var engine: Observation
  /// When the engine had responded.
  var time: BootTime

  var pods: [PodIdentity: DiscoveredPod] { engine.pods }

  /// Finds processes of a run outside of the pod's containers.
  ///
  /// - Parameters:
  ///   - identity: the pod.
  ///   - pods: the pods of its run.
  /// - Returns: the finding.
  func cgroup(of identity: PodIdentity, among pods: [DiscoveredPod]) -> Finding {
    let path = identity.ownCgroup
    guard CgroupPath.isRun(path, identity.run) else {
      return .cgroupUnreadable("the label names no run's cgroup")
    }
    guard let cgroups else { return .cgroupUnreadable("/proc/self/mountinfo") }
    if let fault = cgroups.fault, fault.hidesCgroups { return .cgroupUnreadable("\(fault)") }
    // The containers of other tasks of the same executor are in the same cgroup.
    let containers = pods.flatMap { $0.objects.of(.container) }
      .flatMap { [$0.id, PodSlice.scope(of: $0.id)] }
    return switch cgroups.tree.occupancy(path, excluding: Set(containers)) {
    case .missing: .cgroupMissing
    case .empty: .cgroupEmpty
    case .populated(let processes): .cgroupPopulated(processes.count)
    case .unreadable(let why): .cgroupUnreadable(why)
    }
  }
}

/// The verdicts about a survey's pods.
struct Assessment: Sendable {
  let survey: Survey
  let agent: AgentReply
  /// The records on which the verdicts are based.
  let records: [PodIdentity: EvidenceRecord]
  let verdicts: [PodIdentity: Verdict]
  /// The sandboxes of runs, as reported by the agent's hook.
  let sandboxes: [String: String]
  /// The time of the verdicts.
  let time: BootTime
  /// The failed pods that are kept.
  let keeping: KeptPods
  /// The pods whose executors are proven dead, including kept pods.
  private let dead: Set<PodIdentity>
  /// The cgroups of all other pods.
  private let sharedCgroups: Set<String>

  var pods: [PodIdentity: DiscoveredPod] { survey.pods }

  /// Decides the verdicts on a survey's pods.
  ///
  /// - Parameters:
  ///   - survey: the observed objects.
  ///   - agent: the agent's reply.
  ///   - evidence: the evidence, including that of the survey.
  ///   - grace: how old a proof must be.
  ///   - limits: the limits for keeping failed pods.
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
      verdicts[identity] = Verdict.decide(
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
  var leaked: [PodIdentity: DiscoveredPod] { pods.filter { verdicts[$0.key]?.state == .leaked } }

  /// Kept pods whose time is over, and whose executors aren't proven dead.
  var expired: [PodIdentity: DiscoveredPod] {
    pods.filter { keeping.dropped[$0.key] != nil && !isDead($0.key) }
  }

  /// Whether a pod's executor is proven dead, even if the pod is kept.
  func isDead(_ identity: PodIdentity) -> Bool { dead.contains(identity) }

  /// When the first proof that is still too young will be old enough.
  var due: BootTime? { verdicts.values.compactMap(\.due).min() }

  /// Whether a cgroup also belongs to a pod whose executor isn't proven dead. One executor may run
  /// several tasks in one cgroup, and a label can contain any path.
  ///
  /// - Parameters:
  ///   - path: the cgroup.
  ///   - pods: the existing pods; nil for those of the survey.
  /// - Returns: whether it is shared.
  func isShared(_ path: String, _ pods: [PodIdentity: DiscoveredPod]? = nil) -> Bool {
    guard let pods else { return sharedCgroups.contains(path) }
    return pods.keys.contains { $0.cgroupParent == path && !isDead($0) }
  }

  /// The report about all pods.
  ///
  /// - Parameter results: the results of removals since the survey.
  /// - Returns: the report.
  func report(_ results: [PodIdentity: RemovalResult] = [:]) -> PassReport {
    var report = PassReport()
    report.dryRun = true
    report.inherited = survey.engine.inherited.map { Printable.text($0.container.name) }
    report.unlabelled = survey.engine.unlabeled.map { Printable.text($0) }
    report.pods = pods.keys.compactMap { self.report(of: $0, results[$0]) }
    return report
  }

  /// The report about one pod and its removal; nil if the pod is unknown.
  func report(of identity: PodIdentity, _ result: RemovalResult? = nil) -> PodReport? {
    guard let pod = pods[identity], let verdict = verdicts[identity],
      let record = records[identity]
    else { return nil }
    var report = PodReport(
      pod, record, verdict, sandbox: sandboxes[identity.run], now: time)
    if let result { report.record(result) }
    return report
  }
}
