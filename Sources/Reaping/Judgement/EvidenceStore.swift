import Cgroups
import HookEvents
import PodIdentity
import PodObjects

/// What is known of pods and of their executors. It is a value: whoever only observes works on a
/// copy, and what that learns is lost with it.
struct EvidenceStore: Sendable, Equatable {
  /// Evidence by pod.
  private(set) var records: [PodIdentity: EvidenceRecord] = [:]
  /// The pods with a record, by run.
  private var podsOfRun: [String: Set<PodIdentity>] = [:]
  private(set) var hooks = HookEventHistory()
  /// Leases that are held, by the number of connections.
  private(set) var leases: [LeaseHolder: Int] = [:]
  /// Executors that were seen to end while they held a lease.
  private(set) var ended: [LeaseHolder: BootTime] = [:]

  // MARK: Inputs

  /// Takes in an event of the agent's hook, of this boot.
  ///
  /// - Returns: whether it calls for a pass: it never proves anything.
  mutating func handle(_ event: HookEvent) -> Bool { hooks.handle(event) }

  /// Takes in an event of a lease.
  ///
  /// - Returns: whether it calls for a pass over the run's pods.
  mutating func handle(_ event: LeaseEvent) -> Bool {
    switch event {
    case .held(let holder):
      leases[holder, default: 0] += 1
      note(holder, .leaseHeld)
      return false
    case .released(let holder):
      release(holder)
      note(holder, .leaseReleased)
      return false
    case .dropped(let holder, let processEnded):
      release(holder)
      if leases[holder] == nil { note(holder, .leaseDropped) }
      if processEnded { return handleEnd(of: holder) }
      // Who lives on is looked at if it has a pod: nobody else's connection is worth the engine's
      // time.
      return podsOfRun[holder.run]?.contains { holder.keeps($0) } ?? false
    case .ended(let holder):
      return handleEnd(of: holder)
    case .podLaunched, .podEnded:
      return false
    }
  }

  /// An executor that lost its connection may have another by the time that is reported.
  private mutating func release(_ holder: LeaseHolder) {
    leases[holder] = leases[holder].flatMap { $0 > 1 ? $0 - 1 : nil }
  }

  private mutating func handleEnd(of holder: LeaseHolder) -> Bool {
    note(holder, .processGone(.noProcess))
    note(holder, .processEndSeen)
    // Ends are remembered for objects that appear later; so many come in no ten minutes.
    if ended.count >= 16_384, let oldest = ended.min(by: { $0.value < $1.value }) {
      ended[oldest.key] = nil
    }
    ended[holder] = .now
    return true
  }

  private mutating func note(_ holder: LeaseHolder, _ finding: Finding) {
    for identity in podsOfRun[holder.run] ?? [] where holder.keeps(identity) {
      records[identity]?.add(finding, at: .now)
    }
  }

  /// Takes in that an executor's process was just seen to live.
  mutating func noteAlive(_ identity: PodIdentity) {
    begin([identity], at: .now)
    records[identity]?.add(.processAlive, at: .now)
  }

  /// Takes in what this program's own pidfd reported, if the process table agrees.
  mutating func handleEnd(of identity: PodIdentity) {
    guard case .gone(let end) = identity.incarnation.look() else { return }
    begin([identity], at: .now)
    records[identity]?.add(.processGone(end), at: .now)
    records[identity]?.add(.processEndSeen, at: .now)
  }

  // MARK: A pass

  /// Begins the records of pods that are seen for the first time.
  mutating func begin(_ pods: some Sequence<PodIdentity>, at time: BootTime) {
    for identity in pods where records[identity] == nil {
      records[identity] = EvidenceRecord(firstSeen: time)
      podsOfRun[identity.run, default: []].insert(identity)
    }
  }

  /// Looks at everything that tells of the executors of a survey's pods. It happens after the look
  /// at the engine: the executor is older than its pod's objects, so that one that isn't there now
  /// is dead and not yet to come.
  ///
  /// - Parameters:
  ///   - survey: what was found.
  ///   - agent: what the agent says.
  ///   - checkpoint: the agent's checkpoints, where they are known.
  /// - Returns: the pods whose executors' processes live.
  mutating func gather(
    _ survey: Survey, _ agent: AgentReply, _ checkpoint: Checkpoint?
  ) -> [PodIdentity] {
    let sources = Sources(of: self, survey)
    return survey.pods.keys.filter { gather($0, survey, agent, checkpoint, sources) }
  }

  /// What tells of several executors, by what it names: the time of a pass is linear in each.
  private struct Sources {
    /// The holders of leases, by run.
    let held: [String: [LeaseHolder]]
    /// Those that were seen to end, by run.
    let ended: [String: [LeaseHolder]]
    /// What the agent removed, by executor.
    let removals: [String: [HookEventHistory.Removal]]
    /// The pods of a survey, by run.
    let pods: [String: [ObservedPod]]

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
      records[identity]?.add(.agentSaidRemoved, at: .now)
    }
    if boot != nil, let look = identity.incarnation.look() {
      records[identity]?.add(Finding(look), at: .now)
      return look == .alive
    }
    let cgroup = survey.cgroup(of: identity, among: sources.pods[identity.run] ?? [])
    records[identity]?.add(cgroup, at: .now)
    // What a source said before must not stand when it has nothing to say any more.
    if let finding = checkpoint?.look(at: identity) {
      records[identity]?.add(finding, at: .now)
    } else if records[identity]?.newest(.checkpoint) != nil {
      records[identity]?.add(.checkpointSilent, at: .now)
    }
    switch agent {
    case .none:
      if records[identity]?.newest(.agent) != nil {
        records[identity]?.add(.agentSilent("it isn't asked any more"), at: .now)
      }
    case .view(let view): records[identity]?.add(view.finding(for: identity), at: .now)
    case .failure(let why): records[identity]?.add(.agentSilent(why), at: .now)
    }
    return false
  }

  /// What leases say of a pod that a look has found.
  mutating func gatherLeases(_ identity: PodIdentity) {
    gatherLeases(identity, held: Array(leases.keys), ended: Array(ended.keys))
  }

  private mutating func gatherLeases(
    _ identity: PodIdentity, held: [LeaseHolder], ended: [LeaseHolder]
  ) {
    // A connection outlives its holder where a child of it has inherited it and the kernel has no
    // pidfd to tell.
    if held.contains(where: { $0.keeps(identity) && !$0.isGone }) {
      records[identity]?.add(.leaseHeld, at: .now)
      return
    }
    // The peer of a lease was seen to end, perhaps before its pod had any object; the kernel told
    // its pid even where the label couldn't.
    if records[identity]?.newest(.pidfd) == nil,
      ended.contains(where: { $0.keeps(identity) })
    {
      records[identity]?.add(.leaseDropped, at: .now)
      records[identity]?.add(.processGone(.noProcess), at: .now)
      records[identity]?.add(.processEndSeen, at: .now)
    }
  }

  /// Forgets what no pod bears any more. A dead incarnation is remembered for ten minutes after its
  /// last object: dockerd completes what a client that died had asked for, and that goes at once.
  ///
  /// - Parameter pods: all that there are.
  /// - Returns: the incarnations that were forgotten.
  mutating func forget(all pods: [PodIdentity: ObservedPod]) -> [PodIdentity] {
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

  /// Whether a pod of this run is known.
  func knows(run: String) -> Bool { podsOfRun[run] != nil }

  /// Judges a pod by what is known now; nil for one that isn't known.
  func verdict(of identity: PodIdentity, on host: HostFacts, grace: Duration) -> Verdict? {
    records[identity].map {
      Verdict.judge(identity, on: host, by: $0, now: .now, grace: grace)
    }
  }

  /// Whether a living executor says that a run of our own root is its own: one whose directories
  /// are its user's, or root's.
  func isLeased(_ run: String, _ path: String, _ folders: CgroupFolders) -> Bool {
    leases.keys.contains { holder in
      holder.run == run && !holder.isGone
        && (holder.user == 0 || folders.isOwned(path, by: holder.user))
    }
  }

  /// Runs whose executors were seen to end, with their cgroups: of pods that were known, and of
  /// leases. The holder of a lease said by itself which run was its own, so that only its own
  /// user's directory counts.
  ///
  /// - Parameters:
  ///   - run: only this run's; nil for all.
  ///   - host: what is known of this host.
  ///   - grace: how old a proof must be.
  ///   - folders: the host's cgroups.
  /// - Returns: the runs and their cgroups.
  func endedRuns(
    _ run: String?, on host: HostFacts, grace: Duration, _ folders: CgroupFolders
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
      .filter { folders.isOwned($0.path, by: $0.user) }
    return known.map { ($0.run, $0.cgroupParent) } + held.map { ($0.run, $0.path) }
  }
}

extension Finding {
  /// What the process table says.
  fileprivate init(_ look: ProcessLook) {
    self =
      switch look {
      case .alive: .processAlive
      case .gone(let end): .processGone(end)
      case .unreadable(let why): .processUnreadable(why)
      }
  }
}
