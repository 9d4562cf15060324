import Cgroups
import DockerEngine
import Logging
import PodIdentity
import PodObjects
import Program

/// Removes cgroups in one pass. The pass's observations are fixed; the evidence about executors is
/// read again before each removal.
struct CgroupSweep: Sendable {
  let remover: CgroupRemover
  let assessment: Assessment
  /// The host at the start of this program.
  let host: HostFacts
  let settings: ReaperSettings
  let observer: PodInventory
  let log: Logger
  /// The current evidence.
  let evidence: @Sendable () async -> EvidenceStore

  /// Removes immediately what Docker created below a dead pod's cgroup, and also the run's own
  /// cgroup if no agent manages it.
  func removeCgroup(of identity: PodIdentity) async -> RemovalResult {
    var result = RemovalResult()
    let path = identity.cgroupParent
    guard CgroupPath.isRun(path, identity.run), !assessment.isShared(path) else { return result }
    let isOwn = CgroupPath.isOwn(path)
    let wasThere = !tree.directories(of: path).isEmpty
    var failures = await remove(path, isOwn ? .run : .containers)
    if !failures.isEmpty {
      let killed = await killForgotten(of: identity)
      if !killed.isEmpty {
        result.removed["processes"] = killed
        failures = await remove(path, isOwn ? .run : .containers)
      }
    }
    for failure in failures {
      result.failed.append(.init(kind: "cgroups", name: path, reason: failure))
    }
    if isOwn {
      if wasThere && failures.isEmpty { result.removed["cgroups"] = [path] }
    } else if !tree.directories(of: path).isEmpty {
      result.pending = [path]
    }
    return result
  }

  var tree: CgroupTree { remover.tree }

  /// Removes a dead run's cgroups.
  ///
  /// - Parameters:
  ///   - path: the run's cgroup, which the caller has checked.
  ///   - scope: the cgroups to remove.
  ///   - isProven: whether the run's executor is proven dead; otherwise the owner of its slice must
  ///     be dead.
  /// - Returns: what could not be removed, with the reason.
  func remove(
    _ path: String, _ scope: CgroupRemover.Scope, isProven: Bool = true
  ) async -> [String] {
    let left = await remover.remove(path, scope, within: .seconds(2)) {
      try await $0.stop(isProven: isProven)
    }
    return switch left {
    case .directories(let directories): directories.map { "\($0.directory): \($0.reason)" }
    case .slice(let slice, let error): ["\(slice.unit): \(error)"]
    }
  }

  /// Removes the cgroups below the project's own root of executors that exited recently and have no
  /// objects: they died between the removal of the last object and that of the cgroup. No grace
  /// period is needed, because their exit was seen.
  ///
  /// - Parameter report: receives the result.
  func removeEnded(_ report: inout PassReport) async {
    guard host.engineIsLocal else { return }
    let ended = await evidence().endedRuns(
      assessment.survey.run, on: host, grace: settings.grace, tree)
    let runs = Set(assessment.pods.keys.map(\.run))
    let paths = Set(assessment.pods.keys.map(\.cgroupParent))
    for (run, path) in ended {
      guard CgroupPath.isOwn(path), CgroupPath.isRun(path, run),
        !runs.contains(run), !paths.contains(path),
        await !evidence().isLeased(run, path, tree), tree.isAbandoned(path)
      else { continue }
      let failures = await remove(path, .run)
      report.cgroupsFailed += failures
      guard failures.isEmpty else { continue }
      report.cgroupsRemoved.append(path)
      log.notice("removed a cgroup", metadata: ["run": "\(Printable.text(run))"])
    }
  }

  /// The result of removing the cgroups of runs without objects.
  struct Outcome: Sendable {
    /// The state for the next pass.
    var janitor: CgroupJanitor
    /// The number of runs that could not be removed.
    var failed = 0
    /// When a cgroup that is too young now can be removed.
    var due: BootTime?

    mutating func add(due other: BootTime?) { due = [due, other].compactMap { $0 }.min() }
  }

  /// Removes the cgroups of dead runs that have no objects any more.
  ///
  /// - Parameters:
  ///   - janitor: the state from the last pass.
  ///   - removes: whether to remove; false only reports.
  ///   - report: receives the result.
  /// - Returns: the result, with the state for the next pass.
  func removeRuns(
    _ janitor: CgroupJanitor, removes: Bool, _ report: inout PassReport
  ) async -> Outcome {
    var outcome = Outcome(janitor: janitor)
    // Without a local engine nothing is proven, so no cgroup is removed.
    guard host.engineIsLocal else { return outcome }
    await removePending(removes, &outcome, &report)
    await removeAbandoned(removes, &outcome, &report)
    return outcome
  }

  private func removePending(
    _ removes: Bool, _ outcome: inout Outcome, _ report: inout PassReport
  ) async {
    let living = Set(
      assessment.pods.keys.filter { !assessment.isDead($0) || !removes }
        .map(\.cgroupParent))
    let owned = Set(assessment.pods.keys.flatMap { [$0.run, $0.cgroupParent] })
    var done: Set<String> = []
    for run in outcome.janitor.pending.runs where !living.contains(run.path) {
      if tree.directories(of: run.path).isEmpty {
        done.insert(run.path)
        continue
      }
      guard agentIsDone(run) else {
        report.cgroupsPending.append(run.path)
        continue
      }
      if !removes { continue }
      let failures = await remove(run.path, .run)
      if failures.isEmpty {
        done.insert(run.path)
        report.cgroupsRemoved.append(run.path)
        continue
      }
      // Without objects of the pod, only this ends processes of forgotten containers that the pass
      // that removed the last object could not kill.
      if !owned.contains(run.run), !owned.contains(run.path) {
        outcome.add(due: await endForgotten(run.path, removes, &outcome.janitor, &report))
      }
      if tree.directories(of: run.path).isEmpty {
        done.insert(run.path)
        continue
      }
      let known = Set(report.cgroupsFailed)
      report.cgroupsFailed += failures.filter { !known.contains($0) }
      outcome.failed += 1
    }
    if removes { outcome.janitor.write(log) { try $0.remove(done) } }
  }

  /// Whether the agent has finished with a dead run, or has had enough time to do so.
  private func agentIsDone(_ run: PendingRun) -> Bool {
    if CgroupPath.isOwn(run.path) { return true }
    if settings.checkpoint?.isOver(run: run.run) == true { return true }
    if let view = assessment.agent.proving, view.agentID == run.agentID,
      !view.runs.contains(run.run)
    {
      return true
    }
    return run.agentGraceIsOver(at: .now)
  }

  /// Removes cgroups whose run has no objects. Below the project's own root they are leftovers of
  /// pods; below a Mesos root they may belong to a task that is being launched, unless the agent
  /// reports that the run is over.
  private func removeAbandoned(
    _ removes: Bool, _ outcome: inout Outcome, _ report: inout PassReport
  ) async {
    let survey = assessment.survey
    let owned = Set(survey.pods.keys.map(\.run))
    let before = outcome.janitor.abandonedSince
    var seen: [String: BootTime] = [:]
    for path in survey.strangers {
      let run = CgroupPath.run(of: path)
      guard await isUnowned(run, path, owned) else { continue }
      guard tree.isAbandoned(path) else {
        outcome.add(due: await endForgotten(path, removes, &outcome.janitor, &report))
        continue
      }
      let first = before[path] ?? .now
      seen[path] = first
      let eligibleAt = first + max(settings.grace, .milliseconds(500))
      guard before[path] != nil, .now >= eligibleAt else {
        outcome.add(due: eligibleAt)
        continue
      }
      if !removes {
        report.cgroupsPending.append(path)
        continue
      }
      let failures = await remove(path, .run, isProven: false)
      report.cgroupsFailed += failures
      if failures.isEmpty {
        report.cgroupsRemoved.append(path)
        seen[path] = nil
      }
    }
    outcome.janitor.abandonedSince = seen
    let pending = Set(outcome.janitor.pending.runs.map(\.path))
    outcome.janitor.forgottenSince = outcome.janitor.forgottenSince.filter {
      survey.strangers.contains($0.key) || pending.contains($0.key)
    }
  }

  /// Whether nobody can still need a run's cgroup, as far as this can be determined from outside.
  private func isUnowned(_ run: String, _ path: String, _ owned: Set<String>) async -> Bool {
    let evidence = await evidence()
    guard !owned.contains(run), !evidence.knows(run: run) else {
      return false
    }
    if !CgroupPath.isOwn(path) {
      // Agents name runs by UUIDs: a directory with another name isn't a run.
      guard CgroupPath.isRunName(run) else { return false }
      // The runs of another agent are left alone.
      let isOver =
        assessment.agent.proving.map {
          !$0.runs.contains(run) && $0.cgroupsRoot == CgroupPath.root(of: path)
        } == true || settings.checkpoint?.isOver(run: run) == true
      guard isOver else { return false }
    }
    guard !evidence.isLeased(run, path, tree) else { return false }
    // A slice is not removed because it is empty: its executor may be about to start a container in
    // it.
    return PodSlice(path: path) == nil
      || assessment.survey.slices.owner(of: path).refusal(isProven: false) == nil
  }
}
