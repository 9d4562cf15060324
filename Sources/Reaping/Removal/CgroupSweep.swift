import Cgroups
import Logging
import PodIdentity
import Program

extension Reaper {
  /// Removes what Docker made below a dead pod's cgroup at once, and the run's own folder where nobody else has a
  /// hand in it.
  func removeCgroup(
    of identity: PodIdentity, _ pods: [PodIdentity: ObservedPod],
    _ verdicts: [PodIdentity: Verdict]
  ) async -> RemovalResult {
    var result = RemovalResult()
    let path = identity.cgroupParent
    guard CgroupPath.isRun(path, identity.run), let removal = cgroups else {
      return result
    }
    if isShared(path, pods, verdicts) { return result }
    let isOwn = CgroupPath.isOwn(path)
    var left = await removal.remove(path, wholly: isOwn)
    if !left.failures.isEmpty {
      let killed = await killForgotten(of: identity, verdicts, removal)
      if !killed.isEmpty {
        result.removed["processes"] = killed
        left = await removal.remove(path, wholly: isOwn)
      }
    }
    for failure in left.failures {
      result.failed.append(.init(kind: "cgroups", name: path, reason: failure))
    }
    if isOwn {
      if left.removedAny && left.failures.isEmpty { result.removed["cgroups"] = [path] }
    } else if !removal.folders.folders(of: path).isEmpty {
      result.pending = [path]
    }
    return result
  }

  /// One executor may run several tasks below one cgroup, and a label can name another's.
  func isShared(
    _ path: String, _ pods: [PodIdentity: ObservedPod], _ verdicts: [PodIdentity: Verdict]
  ) -> Bool {
    pods.keys.contains { $0.cgroupParent == path && verdicts[$0]?.state != .leaked }
  }

  /// Notes the runs of dead pods before anything of them is removed: once their last object is gone, nothing else
  /// tells whose their cgroups were.
  func notePending(
    _ dead: [PodIdentity], _ pods: [PodIdentity: ObservedPod], _ verdicts: [PodIdentity: Verdict]
  ) {
    guard let boot = host.bootID, let folders = cgroups?.folders else { return }
    let runs = dead.filter { identity in
      CgroupPath.isRun(identity.cgroupParent, identity.run)
        && !isShared(identity.cgroupParent, pods, verdicts)
        && !folders.folders(of: identity.cgroupParent).isEmpty
    }
    do {
      try pending.add(
        runs.map { identity in
          PendingRun(
            run: identity.run, agentID: identity.agentID, path: identity.cgroupParent, bootID: boot,
            deadSince: (verdicts[identity]?.deadSince ?? .now).sinceBoot.inSeconds)
        })
    } catch {
      log.error("\(pending.path) can't be written: \(error)")
    }
  }

  /// Forgets the runs whose cgroups are gone.
  func forgetPending(_ dead: [PodIdentity]) {
    guard let folders = cgroups?.folders else { return }
    let paths = Set(dead.map(\.cgroupParent))
    let gone = pending.runs.map(\.path).filter { path in
      paths.contains(path) && folders.folders(of: path).isEmpty
    }
    do {
      try pending.remove(Set(gone))
    } catch {
      log.error("\(pending.path) can't be written: \(error)")
    }
  }

  /// Cgroups below the roots that no known dead run accounts for, seen before the engine is asked.
  ///
  /// - Parameter slices: the slices of pods that systemd has.
  /// - Returns: their paths.
  func strangers(_ slices: PodSlices) -> Set<String> {
    guard let folders = cgroups?.folders else { return [] }
    let known = Set(pending.runs.map(\.path))
    let labelled =
      settings.findsRootsByLabels
      ? records.keys.filter { CgroupPath.isRun($0.cgroupParent, $0.run) } : []
    let roots = Set(
      settings.cgroupRoots + slices.roots + labelled.map { CgroupPath.root(of: $0.cgroupParent) })
    var found = Set(slices.paths.filter { !known.contains($0) })
    for root in roots {
      for name in folders.children(of: "/" + root) where !known.contains("/\(root)/\(name)") {
        found.insert("/\(root)/\(name)")
      }
    }
    return found
  }

  /// Removes the folders below our own root of executors that have just ended and left no object: they died between
  /// the last of them and the folder. No grace is needed, since their end was seen.
  ///
  /// - Parameters:
  ///   - run: only this run's; nil for all.
  ///   - pods: what the look at the engine found.
  ///   - report: told of what was done.
  func removeDeserted(
    _ run: String?, _ pods: [PodIdentity: ObservedPod], _ report: inout PassReport
  ) async {
    guard !dryRun, host.engineIsLocal, let removal = cgroups else { return }
    for (run, path) in deserted(run, removal) {
      guard CgroupPath.isOwn(path), CgroupPath.isRun(path, run),
        !pods.keys.contains(where: { $0.run == run || $0.cgroupParent == path }),
        !isLeased(run, path, removal), removal.isAbandoned(path)
      else { continue }
      let left = await removal.remove(path, wholly: true)
      report.cgroupsFailed += left.failures
      guard left.failures.isEmpty else { continue }
      report.cgroupsRemoved.append(path)
      counters.removed["cgroups", default: 0] += 1
      log.notice("removed a cgroup", metadata: ["run": "\(Printable.text(run))"])
    }
  }

  /// Whether a living executor says that a run of our own root is his: one whose folders are his user's, or root's.
  func isLeased(_ run: String, _ path: String, _ removal: CgroupRemoval) -> Bool {
    leases.keys.contains { holder in
      holder.run == run && !holder.isGone
        && (holder.user == 0 || removal.isOwned(path, by: holder.user))
    }
  }

  /// Runs whose executors were seen to end, with their cgroups: of pods that were known, and of leases. The holder of a
  /// lease said by himself which run was his, so that only his own user's folder counts.
  private func deserted(
    _ run: String?, _ removal: CgroupRemoval
  ) -> [(run: String, path: String)] {
    let known = records.filter { identity, record in
      (run == nil || identity.run == run) && record.newest(.pidfd) != nil
        && identity.incarnation.pid != nil
        && Verdict.judge(identity, on: host, by: record, now: .now, grace: settings.grace).state
          == .leaked
    }
    let held = ended.keys.filter { run == nil || $0.run == run }
      .flatMap { holder in
        ["/\(CgroupPath.ownRoot)/\(holder.run)", PodSlice(run: holder.run)?.path ?? ""].map {
          (user: holder.user, run: holder.run, path: $0)
        }
      }
      .filter { removal.isOwned($0.path, by: $0.user) }
    return known.keys.map { ($0.run, $0.cgroupParent) } + held.map { ($0.run, $0.path) }
  }

  /// Removes the cgroups of dead runs that have no object any more.
  ///
  /// - Returns: when a folder that is too fresh now can be taken.
  func removeCgroups(
    _ strangers: Set<String>, _ slices: PodSlices, _ pods: [PodIdentity: ObservedPod],
    _ verdicts: [PodIdentity: Verdict], _ answer: AgentAnswerState, _ report: inout PassReport
  ) async -> BootTime? {
    // What can't be read, or a look that failed, leaves everything as it is.
    guard host.engineIsLocal, let removal = cgroups else { return nil }
    let living = Set(
      pods.keys.filter { verdicts[$0]?.state != .leaked || dryRun }.map(\.cgroupParent))
    await removePending(removal, living, answer, &report)
    return await removeAbandoned(strangers, slices, removal, pods, answer, &report)
  }

  private func removePending(
    _ removal: CgroupRemoval, _ living: Set<String>, _ answer: AgentAnswerState,
    _ report: inout PassReport
  ) async {
    var done: Set<String> = []
    for run in pending.runs where !living.contains(run.path) {
      if removal.folders.folders(of: run.path).isEmpty {
        done.insert(run.path)
        continue
      }
      guard isLeftByAgent(run, answer) else {
        report.cgroupsPending.append(run.path)
        continue
      }
      if dryRun { continue }
      let left = await removal.remove(run.path, wholly: true)
      if left.failures.isEmpty {
        done.insert(run.path)
        report.cgroupsRemoved.append(run.path)
        counters.removed["cgroups", default: 0] += 1
      } else {
        report.cgroupsFailed += left.failures
        counters.failed["cgroups", default: 0] += 1
      }
    }
    do {
      try pending.remove(done)
    } catch {
      log.error("\(pending.path) can't be written: \(error)")
    }
  }

  /// Whether the agent is through with a dead run, or has had its time.
  private func isLeftByAgent(_ run: PendingRun, _ answer: AgentAnswerState) -> Bool {
    if CgroupPath.isOwn(run.path) { return true }
    if settings.checkpoint?.isOver(run: run.run) == true { return true }
    if let view = answer.proving, view.agentID == run.agentID, !view.runs.contains(run.run) {
      return true
    }
    return run.hasHadItsTime(at: .now)
  }

  /// Folders without any object of their run. Below our own root they are left from pods that are over; below a
  /// Mesos root they may be a task's that is just being launched, unless the agent says that the run is over.
  private func removeAbandoned(
    _ strangers: Set<String>, _ slices: PodSlices, _ removal: CgroupRemoval,
    _ pods: [PodIdentity: ObservedPod], _ answer: AgentAnswerState, _ report: inout PassReport
  ) async -> BootTime? {
    let owned = Set(pods.keys.map(\.run))
    var seen: [String: BootTime] = [:]
    var due: BootTime?
    for path in strangers {
      let run = CgroupPath.run(of: path)
      guard !owned.contains(run), !records.keys.contains(where: { $0.run == run }) else { continue }
      if !CgroupPath.isOwn(path) {
        // Agents name runs by UUIDs: no other folder there is one.
        guard CgroupPath.isRunName(run) else { continue }
        // Another agent's runs are no business of this one.
        let isOver =
          answer.proving.map {
            !$0.runs.contains(run) && $0.cgroupsRoot == CgroupPath.root(of: path)
          } == true || settings.checkpoint?.isOver(run: run) == true
        guard isOver else { continue }
      }
      guard !isLeased(run, path, removal) else { continue }
      // No slice goes for being empty: its executor may be about to start something in it.
      if PodSlice(path: path) != nil, slices.owner(of: path).refusal(isProven: false) != nil {
        continue
      }
      guard removal.isAbandoned(path) else {
        due = [due, await reportForgotten(path, removal, &report)].compactMap { $0 }.min()
        continue
      }
      let first = abandoned[path] ?? .now
      seen[path] = first
      let ripe = first + max(settings.grace, .milliseconds(500))
      guard abandoned[path] != nil, .now >= ripe else {
        due = [due, ripe].compactMap { $0 }.min()
        continue
      }
      if dryRun {
        report.cgroupsPending.append(path)
        continue
      }
      let left = await removal.remove(path, wholly: true, isProven: false)
      report.cgroupsFailed += left.failures
      if left.failures.isEmpty {
        report.cgroupsRemoved.append(path)
        seen[path] = nil
        counters.removed["cgroups", default: 0] += 1
      }
    }
    abandoned = seen
    forgotten = forgotten.filter { strangers.contains($0.key) }
    return due
  }
}
