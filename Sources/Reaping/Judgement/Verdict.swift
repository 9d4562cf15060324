import Linux
import PodIdentity
import Program

/// What is to be thought of a pod.
struct Verdict: Sendable, Equatable {
  /// The four verdicts.
  enum State: String, Sendable, CaseIterable {
    /// Its executor lives.
    case alive
    /// Its executor is proven dead: all of it is to be removed.
    case leaked
    /// It has failed, and its stopped containers stay until their time is over.
    case kept
    /// Nothing is proven: it is left alone and reported.
    case undecided
    /// It is another host's.
    case foreign
  }
  var state: State
  /// Why, in a line.
  var why: String
  /// Since when the executor is proven dead.
  var deadSince: BootTime?
  /// When proof that is still too young will be old enough.
  var due: BootTime?
  /// Why a pod is alive whose executor's process was seen.
  static let livingProcess = "its executor's process lives"
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

  /// The verdict on a failed pod whose executor is dead, or has ended it: what becomes of it is decided by `KeptPods`.
  ///
  /// - Parameters:
  ///   - kept: until when it is kept.
  ///   - limits: the host's limits.
  ///   - time: the present since the boot.
  /// - Returns: the verdict; due when its time is over.
  func keeping(_ kept: KeptPods.Kept, _ limits: KeepLimits, at time: BootTime) -> Verdict {
    let rest = max(0, kept.until - limits.now)
    let until = "until \(WallClock.text(kept.until)) (in \(Duration.seconds(rest).words))"
    return Verdict(
      .kept,
      kept.isDone
        ? "it has failed, and its stopped containers stay \(until)"
        : "\(why); it is stopped, and its containers stay \(until)",
      deadSince: deadSince, due: time + .seconds(rest))
  }

  /// The verdict on a pod that was to be kept, and isn't.
  func dropping(_ reason: String) -> Verdict {
    var verdict = self
    if verdict.state != .leaked { verdict.state = .kept }
    verdict.why = state != .leaked ? "it was kept, and is removed: \(reason)" : "\(why); \(reason)"
    return verdict
  }

  /// Judges a pod: a pure function of its identity, what was observed, and the time.
  ///
  /// Leaked needs one of the three proofs of death, older than the grace, and no sign of life after
  /// it. The process table's word is infallible for a pid with start time on this boot, so that
  /// there only the process itself and its lease are signs of life; an agent that hasn't noticed
  /// yet, or a straggler in the cgroup, are not. Where the pid isn't known, each of them is.
  ///
  /// - Parameters:
  ///   - identity: what the pod's labels say.
  ///   - host: this host.
  ///   - record: what was observed since the pod was first seen.
  ///   - now: the time of judgement.
  ///   - grace: how old a proof must be.
  /// - Returns: the verdict and why.
  static func judge(
    _ identity: PodIdentity, on host: HostFacts, by record: EvidenceRecord, now: BootTime,
    grace: Duration
  ) -> Verdict {
    guard host.engineIsLocal else {
      return Verdict(
        .undecided, "the engine is reached over TCP: its containers may be another host's",
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
        // It ended before this boot began.
        return after(
          BootTime(sinceBoot: .zero), "its executor ran before this host's last boot", record, now,
          grace)
      }
      guard machine != nil, host.machineID != nil else {
        return Verdict(
          .undecided, "it is of another boot, and no machine ID tells of which host",
          remedy: Remedy.machine)
      }
      return Verdict(.foreign, "it is of another host: neither boot nor machine ID is this one's")
    }
    if boot == nil, !sameMachine {
      return machine == nil || host.machineID == nil
        ? Verdict(
          .undecided, "no boot ID and no machine ID tell of which host it is",
          remedy: Remedy.machine)
        : Verdict(.foreign, "it is of another host: the machine ID isn't this one's")
    }
    let isKnown = identity.incarnation.pid != nil && identity.incarnation.startTime != nil
    // A lease's peer is a process that the kernel named, even where the label couldn't.
    let wasSeenToEnd = record.newest(.pidfd) != nil
    let isDeserted = record.newest(.cgroup)?.finding.isLike(.cgroupEmpty) ?? false
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
      return item.finding == .processEndSeen
    }
    guard let end = ends.min(by: { $0.time < $1.time }) else {
      if record.newest(.process)?.finding == .processAlive {
        return Verdict(.alive, livingProcess)
      }
      if record.newest(.lease)?.finding == .leaseHeld {
        return Verdict(.alive, "its lease is held")
      }
      guard let finding = record.newest(.process)?.finding else {
        return Verdict(.undecided, "its process hasn't been looked for", remedy: Remedy.wait)
      }
      return Verdict(.undecided, finding.words, remedy: Remedy.process)
    }
    return after(end.time, end.finding.words, record, now, grace)
  }

  /// A proof and its time: is it old enough, and did nothing contradict it since?
  private static func after(
    _ time: BootTime, _ words: String, _ record: EvidenceRecord, _ now: BootTime, _ grace: Duration
  ) -> Verdict {
    let life = record.evidence.first {
      $0.time >= time && ($0.finding == .processAlive || $0.finding == .leaseHeld)
    }
    if let life, record.newest(life.finding.source)?.finding == life.finding {
      return Verdict(.alive, "\(life.finding.words), though \(words)")
    }
    let isConfirmed = record.evidence.contains {
      [.processEndSeen, .leaseDropped, .agentSaidRemoved].contains($0.finding)
    }
    if isConfirmed || now - time >= grace {
      return Verdict(.leaked, words, deadSince: time)
    }
    return Verdict(
      .undecided, "\(words), but the grace of \(grace.words) isn't over", deadSince: time,
      due: time + grace, remedy: Remedy.wait)
  }

  /// Proof (c): where the pid isn't known, the run's cgroup together with the agent.
  private static func byRun(
    _ record: EvidenceRecord, _ now: BootTime, _ grace: Duration
  ) -> Verdict {
    let cgroup = record.newest(.cgroup)
    let agent = record.newest(.agent)
    let checkpoint = record.newest(.checkpoint)
    for life in [record.newest(.lease), cgroup, agent, checkpoint] {
      switch life?.finding {
      case .leaseHeld, .cgroupPopulated, .agentLists, .checkpointedProcess:
        return Verdict(.alive, life?.finding.words ?? "")
      default: break
      }
    }
    let unknown = "its executor's pid isn't known"
    guard let last = cgroup, last.finding.isLike(.cgroupEmpty) else {
      return Verdict(
        .undecided,
        "\(unknown), and " + (cgroup?.finding.words ?? "its cgroup hasn't been looked at"),
        remedy: cgroup == nil ? Remedy.wait : Remedy.cgroup)
    }
    // What was seen before a process lived there doesn't count.
    let looks = record.evidence.filter { $0.finding.source == .cgroup }
      .sorted { $0.time < $1.time }.reversed().prefix { $0.finding.isLike(.cgroupEmpty) }
    let first = looks.last ?? last
    let isOver =
      agent?.finding == .agentOmits && agent.map { $0.time >= first.time } == true
      || checkpoint?.finding == .sentinel
    guard isOver else {
      let word = agent?.finding.words ?? "no agent is configured that could tell"
      return Verdict(
        .undecided, "\(unknown), \(last.finding.words), but \(word)",
        remedy: agent == nil ? Remedy.noAgent : Remedy.agent)
    }
    let words =
      "\(last.finding.words), and \(checkpoint?.finding == .sentinel ? Finding.sentinel.words : Finding.agentOmits.words)"
    guard last.time > first.time, last.time - first.time >= grace else {
      return Verdict(
        .undecided, "\(words), but two looks \(grace.words) apart are needed",
        deadSince: first.time,
        due: first.time + grace, remedy: Remedy.wait)
    }
    return Verdict(.leaked, words, deadSince: first.time)
  }
}

extension EvidenceRecord {
  /// The newest word of a source.
  func newest(_ source: Finding.Source) -> Evidence? {
    evidence.filter { $0.finding.source == source }.max { $0.time < $1.time }
  }
}
