import Linux
import PodIdentity
import Program

/// The verdict on a pod.
struct Verdict: Sendable, Equatable {
  /// The possible verdicts.
  enum State: String, Sendable, CaseIterable {
    /// The executor is alive.
    case alive
    /// The executor is proven dead: the whole pod must be removed.
    case leaked
    /// The pod has failed, and its stopped containers are kept for a limited time.
    case kept
    /// Nothing is proven: the pod is left alone and reported.
    case undecided
    /// The pod belongs to another host.
    case foreign
  }
  var state: State
  /// The reason, in one line.
  var why: String
  /// The time of the executor's death, as far as it is proven.
  var deadSince: BootTime?
  /// When a proof that is still too young will be old enough.
  var due: BootTime?
  /// The reason for `alive` if the executor's process was found.
  static let livingProcess = "its executor's process is alive"
  /// What an operator can do about an undecided pod.
  var remedy: Remedy?

  private init(
    _ state: State, _ why: String, deadSince: BootTime? = nil, due: BootTime? = nil,
    remedy: Remedy? = nil
  ) {
    self.state = state
    self.why = why
    self.remedy = remedy
    self.deadSince = deadSince
    self.due = due
  }

  /// The verdict on a failed pod that `KeptPods` keeps, because its executor is dead or has stopped
  /// it.
  ///
  /// - Parameters:
  ///   - kept: how long it is kept.
  ///   - limits: the host's limits.
  ///   - time: the current time since the boot.
  /// - Returns: the verdict; it is due at the end of the time.
  func keeping(_ kept: KeptPods.Kept, _ limits: KeepLimits, at time: BootTime) -> Verdict {
    let rest = max(0, kept.until - limits.now)
    let until = "until \(WallClock.text(kept.until)) (in \(Duration.seconds(rest).text))"
    return Verdict(
      .kept,
      kept.isDone
        ? "it has failed, and its stopped containers stay \(until)"
        : "\(why); it is stopped, and its containers stay \(until)",
      deadSince: deadSince, due: time + .seconds(rest))
  }

  /// The verdict on a pod that should have been kept and isn't.
  func dropping(_ reason: String) -> Verdict {
    var verdict = self
    if verdict.state != .leaked { verdict.state = .kept }
    verdict.why = state != .leaked ? "it was kept, and is removed: \(reason)" : "\(why); \(reason)"
    return verdict
  }

  /// Decides the verdict on a pod: a pure function of its identity, the observations, and the time.
  ///
  /// `leaked` requires one of the three proofs of death, older than the grace period, and no sign
  /// of life after it. For a PID with start time of this boot the process table is always right.
  /// Then only the process itself and its lease are signs of life; an agent that hasn't noticed the
  /// death yet, or a remaining process in the cgroup, are not. If the PID isn't known, each of
  /// these is a sign of life.
  ///
  /// - Parameters:
  ///   - identity: the pod's labels.
  ///   - host: this host.
  ///   - record: the observations since the pod was first seen.
  ///   - now: the time of the verdict.
  ///   - grace: how old a proof must be.
  /// - Returns: the verdict and the reason.
  static func decide(
    _ identity: PodIdentity, on host: HostFacts, by record: EvidenceRecord, now: BootTime,
    grace: Duration
  ) -> Verdict {
    guard host.engineIsLocal else {
      return Verdict(
        .undecided, "the engine is reached over TCP: its containers may be on another host",
        remedy: Remedy.local)
    }
    if let failure = host.processTableFailure {
      return Verdict(.undecided, "the self-check failed: \(failure)", remedy: Remedy.table)
    }
    let boot = identity.incarnation.bootID
    let machine = identity.host.machineID
    let sameMachine = machine != nil && machine == host.machineID
    guard let hostBoot = host.bootID else {
      return Verdict(.undecided, "this host's boot ID is unknown", remedy: Remedy.table)
    }
    if let boot, boot != hostBoot {
      if sameMachine {
        // The executor exited before this boot.
        return after(
          BootTime(sinceBoot: .zero), "its executor ran before this host's last boot", record, now,
          grace)
      }
      guard machine != nil, host.machineID != nil else {
        return Verdict(
          .undecided, "it is from another boot, and no machine ID identifies its host",
          remedy: Remedy.machine)
      }
      return Verdict(.foreign, "it is from another host: its boot ID and machine ID differ")
    }
    if boot == nil, !sameMachine {
      return machine == nil || host.machineID == nil
        ? Verdict(
          .undecided, "no boot ID and no machine ID identify its host",
          remedy: Remedy.machine)
        : Verdict(.foreign, "it is from another host: its machine ID differs")
    }
    let isKnown = identity.incarnation.pid != nil && identity.incarnation.startTime != nil
    // The kernel reports the PID of a lease's peer even if the label has none.
    let wasSeenToEnd = record.newest(.pidfd) != nil
    let isDeserted = record.newest(.cgroup)?.finding.isEquivalent(.cgroupEmpty) ?? false
    if boot != nil, isKnown || (wasSeenToEnd && isDeserted) {
      return byProcess(record, now, grace)
    }
    return byRun(record, now, grace)
  }

  /// Proof (a): the process table.
  private static func byProcess(
    _ record: EvidenceRecord, _ now: BootTime, _ grace: Duration
  ) -> Verdict {
    let ends = record.evidence.filter { item in
      if case .processGone = item.finding { return true }
      return item.finding == .processExitObserved
    }
    guard let end = ends.min(by: { $0.time < $1.time }) else {
      if record.newest(.process)?.finding == .processAlive {
        return Verdict(.alive, livingProcess)
      }
      if record.newest(.lease)?.finding == .leaseHeld {
        return Verdict(.alive, "its lease is held")
      }
      guard let finding = record.newest(.process)?.finding else {
        return Verdict(.undecided, "its process hasn't been probed", remedy: Remedy.wait)
      }
      return Verdict(.undecided, finding.text, remedy: Remedy.process)
    }
    return after(end.time, end.finding.text, record, now, grace)
  }

  /// The verdict for a proof and its time: whether the proof is old enough and not contradicted
  /// since.
  private static func after(
    _ time: BootTime, _ words: String, _ record: EvidenceRecord, _ now: BootTime, _ grace: Duration
  ) -> Verdict {
    let life = record.evidence.first {
      $0.time >= time && ($0.finding == .processAlive || $0.finding == .leaseHeld)
    }
    if let life, record.newest(life.finding.source)?.finding == life.finding {
      return Verdict(.alive, "\(life.finding.text), though \(words)")
    }
    let isConfirmed = record.evidence.contains {
      [.processExitObserved, .leaseDropped, .agentReportedRemoval].contains($0.finding)
    }
    if isConfirmed || now - time >= grace {
      return Verdict(.leaked, words, deadSince: time)
    }
    return Verdict(
      .undecided, "\(words), but the grace of \(grace.text) isn't over", deadSince: time,
      due: time + grace, remedy: Remedy.wait)
  }

  /// Proof (c), if the PID isn't known: the run's cgroup together with the agent.
  private static func byRun(
    _ record: EvidenceRecord, _ now: BootTime, _ grace: Duration
  ) -> Verdict {
    let cgroup = record.newest(.cgroup)
    let agent = record.newest(.agent)
    let checkpoint = record.newest(.checkpoint)
    for life in [record.newest(.lease), cgroup, agent, checkpoint] {
      switch life?.finding {
      case .leaseHeld, .cgroupPopulated, .agentLists, .checkpointedProcess:
        return Verdict(.alive, life?.finding.text ?? "")
      default: break
      }
    }
    let unknown = "its executor's pid isn't known"
    guard let last = cgroup, last.finding.isEquivalent(.cgroupEmpty) else {
      return Verdict(
        .undecided,
        "\(unknown), and " + (cgroup?.finding.text ?? "its cgroup hasn't been inspected"),
        remedy: cgroup == nil ? Remedy.wait : Remedy.cgroup)
    }
    // Observations before the last process in the cgroup don't count.
    let observations = record.evidence.filter { $0.finding.source == .cgroup }
      .sorted { $0.time < $1.time }.reversed().prefix { $0.finding.isEquivalent(.cgroupEmpty) }
    let first = observations.last ?? last
    let isOver =
      agent?.finding == .agentOmits && agent.map { $0.time >= first.time } == true
      || checkpoint?.finding == .sentinel
    guard isOver else {
      let word = agent?.finding.text ?? "no agent is configured"
      return Verdict(
        .undecided, "\(unknown), \(last.finding.text), but \(word)",
        remedy: agent == nil ? Remedy.noAgent : Remedy.agent)
    }
    let words =
      "\(last.finding.text), and \(checkpoint?.finding == .sentinel ? Finding.sentinel.text : Finding.agentOmits.text)"
    guard last.time > first.time, last.time - first.time >= grace else {
      return Verdict(
        .undecided, "\(words), but two observations \(grace.text) apart are needed",
        deadSince: first.time,
        due: first.time + grace, remedy: Remedy.wait)
    }
    return Verdict(.leaked, words, deadSince: first.time)
  }
}

extension EvidenceRecord {
  /// The newest finding of a source.
  func newest(_ source: Finding.Source) -> Evidence? {
    evidence.filter { $0.finding.source == source }.max { $0.time < $1.time }
  }
}
