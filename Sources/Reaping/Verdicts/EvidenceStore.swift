import Cgroups
import HookEvents
import PodIdentity
import PodObjects

/// The evidence about pods and their executors. It is a value: an observer works on a copy, and
/// discards what it adds.
struct EvidenceStore: Sendable, Equatable {
  /// The evidence by pod.
  private(set) var records: [PodIdentity: EvidenceRecord] = [:]
  /// The pods that have a record, by run.
  private var podsOfRun: [String: Set<PodIdentity>] = [:]
  private(set) var hooks = HookEventHistory()
  /// The leases that are held, with the number of connections.
  private(set) var leases: [LeaseHolder: Int] = [:]
  /// Executors whose exit was seen while they held a lease.
  private(set) var ended: [LeaseHolder: BootTime] = [:]

  // MARK: Inputs

  /// Adds an event of the agent's hook from this boot.
  ///
  /// - Returns: whether a pass is needed. The event itself is never a proof of death.
  mutating func handle(_ event: HookEvent) -> Bool { hooks.handle(event) }

  /// Adds an event of a lease.
  ///
  /// - Returns: whether a pass over the run's pods is needed.
  mutating func handle(_ event: LeaseEvent) -> Bool {
    switch event {
    case .held(let holder):
      leases[holder, default: 0] += 1
      record(holder, .leaseHeld)
      return false
    case .released(let holder):
      release(holder)
      record(holder, .leaseReleased)
      return false
    case .dropped(let holder, let processEnded):
      release(holder)
      if leases[holder] == nil { record(holder, .leaseDropped) }
      if processEnded { return handleEnd(of: holder) }
      // An executor that is still alive is checked only if it has a pod: other connections must not
      // cause requests to the engine.
      return podsOfRun[holder.run]?.contains { holder.keeps($0) } ?? false
    case .ended(let holder):
      return handleEnd(of: holder)
    case .podLaunched, .podEnded:
      return false
    }
  }

  /// An executor that lost its connection may have a new one before the loss is reported.
  private mutating func release(_ holder: LeaseHolder) {
    leases[holder] = leases[holder].flatMap { $0 > 1 ? $0 - 1 : nil }
  }

  private mutating func handleEnd(of holder: LeaseHolder) -> Bool {
    record(holder, .processGone(.noProcess))
    record(holder, .processExitObserved)
    // Exits are kept for objects that appear later. The limit is far above the number of exits in
    // ten minutes.
    if ended.count >= 16_384, let oldest = ended.min(by: { $0.value < $1.value }) {
      ended[oldest.key] = nil
    }
    ended[holder] = .now
    return true
  }

  private mutating func record(_ holder: LeaseHolder, _ finding: Finding) {
    for identity in podsOfRun[holder.run] ?? [] where holder.keeps(identity) {
      records[identity]?.add(finding, at: .now)
    }
  }

  /// Adds that an executor's process was just found alive.
  mutating func recordAlive(_ identity: PodIdentity) {
    begin([identity], at: .now)
    records[identity]?.add(.processAlive, at: .now)
  }

  /// Adds an exit that this program's pidfd reported, if the process table confirms it.
  mutating func handleEnd(of identity: PodIdentity) {
    guard case .gone(let end) = identity.incarnation.inspect() else { return }
    begin([identity], at: .now)
    records[identity]?.add(.processGone(end), at: .now)
    records[identity]?.add(.processExitObserved, at: .now)
  }

  // MARK: A pass

  /// Creates the records of pods that are seen for the first time.
  mutating func begin(_ pods: some Sequence<PodIdentity>, at time: BootTime) {
    for identity in pods where records[identity] == nil {
      records[identity] = EvidenceRecord(firstSeen: time)
      podsOfRun[identity.run, default: []].insert(identity)
    }
  }

  /// Collects the evidence about the executors of a survey's pods. It runs after the engine was
  /// queried: an executor is older than its pod's objects, so a missing process is dead and not
  /// about to start.
  ///
  /// - Parameters:
  ///   - survey: the observed objects.
  ///   - agent: the agent's reply.
  ///   - checkpoint: the agent's checkpoints, if they are known.
  /// - Returns: the pods whose executors' processes are alive.
  mutating func gather(
    _ survey: Survey, _ agent: AgentReply, _ checkpoint: Checkpoint?
  ) -> [PodIdentity] {
    let sources = Sources(of: self, survey)
    return survey.pods.keys.filter { gather($0, survey, agent, checkpoint, sources) }
  }

  /// Evidence that concerns several executors, indexed so that the time of a pass is linear.
  private struct Sources {
    /// The holders of leases, by run.
    let held: [String: [LeaseHolder]]
    /// The lease holders whose exit was seen, by run.
    let ended: [String: [LeaseHolder]]
    /// The executors that the agent removed, by executor ID.
    let removals: [String: [HookEventHistory.Removal]]
    /// The pods of a survey, by run.
    let pods: [String: [DiscoveredPod]]

    init(of store: EvidenceStore, _ survey: Survey) {
      held = Dictionary(grouping: store.leases.keys, by: \.run)
      ended = Dictionary(grouping: store.ended.keys, by: \.run)
      removals = Dictionary(grouping: store.hooks.removals, by: \.executor)
      pods = Dictionary(grouping: survey.pods.values, by: \.identity.run)
    }
  }

  private mutating func gather(
    _ identity: PodIdentity, _ survey: Survey, _ agent: AgentReply, _ checkpoint: Checkpoint?,
    _ sources: Sources
  ) -> Bool {
    let boot = identity.incarnation.bootID
    guard boot == nil || boot == survey.bootID else { return false }
    gatherLeases(
      identity, held: sources.held[identity.run] ?? [], ended: sources.ended[identity.run] ?? [])
    if let record = records[identity], let removals = sources.removals[identity.executorID],
      HookEventHistory.saidRemoved(identity, firstSeen: record.firstSeen, in: removals)
    {
      records[identity]?.add(.agentReportedRemoval, at: .now)
    }
    if boot != nil, let status = identity.incarnation.inspect() {
      records[identity]?.add(Finding(status), at: .now)
      return status == .alive
    }
    let cgroup = survey.cgroup(of: identity, among: sources.pods[identity.run] ?? [])
    records[identity]?.add(cgroup, at: .now)
    // An earlier finding of a source must not remain when the source has none any more.
    if let finding = checkpoint?.finding(for: identity) {
      records[identity]?.add(finding, at: .now)
    } else if records[identity]?.newest(.checkpoint) != nil {
      records[identity]?.add(.checkpointSilent, at: .now)
    }
    switch agent {
    case .none:
      if records[identity]?.newest(.agent) != nil {
        records[identity]?.add(.agentSilent("it isn't queried any more"), at: .now)
      }
    case .view(let view): records[identity]?.add(view.finding(for: identity), at: .now)
    case .failure(let why): records[identity]?.add(.agentSilent(why), at: .now)
    }
    return false
  }

  /// Adds the evidence of leases about a pod.
  mutating func gatherLeases(_ identity: PodIdentity) {
    gatherLeases(identity, held: Array(leases.keys), ended: Array(ended.keys))
  }

  private mutating func gatherLeases(
    _ identity: PodIdentity, held: [LeaseHolder], ended: [LeaseHolder]
  ) {
    // A connection outlives its holder if a child process inherited it and the kernel has no
    // pidfds.
    if held.contains(where: { $0.keeps(identity) && !$0.isGone }) {
      records[identity]?.add(.leaseHeld, at: .now)
      return
    }
    // The exit of the lease's peer was seen, perhaps before its pod had an object. The kernel
    // reports the peer's PID even if the label has none.
    if records[identity]?.newest(.pidfd) == nil,
      ended.contains(where: { $0.keeps(identity) })
    {
      records[identity]?.add(.leaseDropped, at: .now)
      records[identity]?.add(.processGone(.noProcess), at: .now)
      records[identity]?.add(.processExitObserved, at: .now)
    }
  }

  /// Removes the records of pods without objects. The record of a dead incarnation stays for ten
  /// minutes after its last object: dockerd completes requests of a client that died, and the
  /// resulting objects are then removed immediately.
  ///
  /// - Parameter pods: all existing pods.
  /// - Returns: the incarnations whose records were removed.
  mutating func forget(all pods: [PodIdentity: DiscoveredPod]) -> [PodIdentity] {
    let runs = Set(pods.keys.map(\.run))
    let now = BootTime.now
    ended = ended.filter { runs.contains($0.key.run) || now - $0.value <= .seconds(600) }
    let old = records.filter { identity, record in
      let newest = record.evidence.map(\.time).max() ?? record.firstSeen
      return pods[identity] == nil && now - newest > .seconds(600)
    }
    for identity in old.keys {
      records[identity] = nil
      podsOfRun[identity.run]?.remove(identity)
      if podsOfRun[identity.run]?.isEmpty == true { podsOfRun[identity.run] = nil }
    }
    return Array(old.keys)
  }

  // MARK: Questions

  /// Whether a pod of this run has a record.
  func knows(run: String) -> Bool { podsOfRun[run] != nil }

  /// Decides the verdict on a pod by the current evidence; nil if it has no record.
  func verdict(of identity: PodIdentity, on host: HostFacts, grace: Duration) -> Verdict? {
    records[identity].map {
      Verdict.decide(identity, on: host, by: $0, now: .now, grace: grace)
    }
  }

  /// Whether a living executor holds a lease for a run below the project's own root. The run's
  /// directories must belong to the executor's user or root.
  func isLeased(_ run: String, _ path: String, _ tree: CgroupTree) -> Bool {
    leases.keys.contains { holder in
      holder.run == run && !holder.isGone
        && (holder.user == 0 || tree.isOwned(path, by: holder.user))
    }
  }

  /// Runs whose executors' exits were seen, with their cgroups: from pods with a record, and from
  /// leases. A lease's run is only the claim of its holder, so the run's directories must belong to
  /// the holder's user.
  ///
  /// - Parameters:
  ///   - run: only this run; nil for all.
  ///   - host: the facts about this host.
  ///   - grace: how old a proof must be.
  ///   - tree: the host's cgroups.
  /// - Returns: the runs and their cgroups.
  func endedRuns(
    _ run: String?, on host: HostFacts, grace: Duration, _ tree: CgroupTree
  ) -> [(run: String, path: String)] {
    let known = records.keys.filter { identity in
      (run == nil || identity.run == run) && records[identity]?.newest(.pidfd) != nil
        && identity.incarnation.pid != nil
        && verdict(of: identity, on: host, grace: grace)?.state == .leaked
    }
    let held = ended.keys.filter { run == nil || $0.run == run }
      .flatMap { holder in
        ["/\(CgroupParent.ownRoot)/\(holder.run)", PodSlice(run: holder.run)?.path ?? ""].map {
          (user: holder.user, run: holder.run, path: $0)
        }
      }
      .filter { tree.isOwned($0.path, by: $0.user) }
    return known.map { ($0.run, $0.cgroupParent) } + held.map { ($0.run, $0.path) }
  }
}

extension Finding {
  /// The finding for a lookup in the process table.
  fileprivate init(_ status: ProcessStatus) {
    self =
      switch status {
      case .alive: .processAlive
      case .gone(let end): .processGone(end)
      case .unreadable(let why): .processUnreadable(why)
      }
  }
}
