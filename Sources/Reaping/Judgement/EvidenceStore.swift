import Cgroups
import Logging
import PodIdentity

extension Reaper {
  /// Looks at everything that tells of one incarnation. It happens after the look at the engine: the executor is
  /// older than its pod's objects, so that one that isn't there now is dead and not yet to come.
  func gather(
    _ identity: PodIdentity, of pods: [PodIdentity: ObservedPod], _ view: AgentAnswerState
  ) async {
    guard identity.incarnation.bootID == nil || identity.incarnation.bootID == host.bootID else {
      return
    }
    gatherLeases(identity)
    if let record = records[identity], hooks.saidRemoved(identity, firstSeen: record.firstSeen) {
      records[identity]?.add(.agentSaidRemoved, at: .now)
    }
    if identity.incarnation.bootID != nil, let look = identity.incarnation.look() {
      note(identity, look)
      return
    }
    note(identity, cgroup: identity, pods)
    // What a source said before must not stand when it has nothing to say any more.
    if let finding = settings.checkpoint?.look(at: identity) {
      records[identity]?.add(finding, at: .now)
    } else if records[identity]?.newest(.checkpoint) != nil {
      records[identity]?.add(.checkpointSilent, at: .now)
    }
    switch view {
    case .none:
      if records[identity]?.newest(.agent) != nil {
        records[identity]?.add(.agentSilent("it isn't asked any more"), at: .now)
      }
    case .answer(let view): records[identity]?.add(view.finding(for: identity), at: .now)
    case .failure(let why): records[identity]?.add(.agentSilent(why), at: .now)
    }
  }

  /// Takes the process table's word in, and watches a process that lives.
  func note(_ identity: PodIdentity, _ look: ProcessLook) {
    switch look {
    case .alive:
      records[identity]?.add(.processAlive, at: .now)
      watches.begin(identity)
    case .gone(let end): records[identity]?.add(.processGone(end), at: .now)
    case .unreadable(let why): records[identity]?.add(.processUnreadable(why), at: .now)
    }
  }

  /// Whether processes of the run live outside of the pod's containers.
  private func note(
    _ identity: PodIdentity, cgroup owner: PodIdentity, _ pods: [PodIdentity: ObservedPod]
  ) {
    let path = owner.ownCgroup
    guard CgroupPath.isRun(path, owner.run) else {
      records[identity]?.add(.cgroupUnreadable("the label names no run's cgroup"), at: .now)
      return
    }
    guard let cgroups else {
      records[identity]?.add(.cgroupUnreadable("/proc/self/mountinfo"), at: .now)
      return
    }
    if let fault = cgroups.fault, fault.hidesCgroups {
      records[identity]?.add(.cgroupUnreadable("\(fault)"), at: .now)
      return
    }
    // Another task of the same executor has its containers in the same cgroup.
    let containers = pods.values.filter { $0.identity.run == owner.run }
      .flatMap(\.containers).flatMap { [$0.id, PodSlice.scope(of: $0.id)] }
    let finding: Finding =
      switch cgroups.folders.look(path, passingOver: Set(containers)) {
      case .missing: .cgroupMissing
      case .empty: .cgroupEmpty
      case .populated(let processes): .cgroupPopulated(processes.count)
      case .unreadable(let why): .cgroupUnreadable(why)
      }
    records[identity]?.add(finding, at: .now)
  }

  /// Notes what this program's own pidfd reported, if the process table agrees.
  func processEnded(_ identity: PodIdentity) {
    guard case .gone(let end) = identity.incarnation.look() else { return }
    if records[identity] == nil { records[identity] = EvidenceRecord(firstSeen: .now) }
    records[identity]?.add(.processGone(end), at: .now)
    records[identity]?.add(.processEndSeen, at: .now)
  }

  // MARK: The agent

  /// What came of asking the agent in one pass.
  enum AgentAnswerState: Sendable {
    /// It wasn't asked.
    case none
    case answer(AgentView)
    case failure(String)

    /// Its view, if it gave one that proves something by silence.
    var proving: AgentView? {
      if case .answer(let view) = self, view.reservation == nil { return view }
      return nil
    }
  }

  func needsAgent(
    _ pods: [PodIdentity: ObservedPod], _ folders: Set<String>, isFull: Bool
  ) -> Bool {
    guard settings.agent != nil else { return false }
    if pods.keys.contains(where: { $0.incarnation.pid == nil || $0.incarnation.startTime == nil }) {
      return true
    }
    return isFull && (!pending.runs.isEmpty || folders.contains { !CgroupPath.isOwn($0) })
  }

  func agentView(isNeeded: Bool) async -> AgentAnswerState {
    guard isNeeded, let agent = settings.agent else { return .none }
    do {
      return .answer(try await agent.look())
    } catch {
      counters.agentErrors += 1
      log.warning("the agent can't be asked: \(error)")
      return .failure("\(error)")
    }
  }
}
