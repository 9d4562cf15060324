import Cgroups
import DockerEngine
import Logging
import PodIdentity
import PodObjects
import Program

/// Removes cgroups in one pass: what the pass found is fixed, what is known of executors is asked
/// for anew before each removal.
struct CgroupSweep: Sendable {
  let remover: CgroupRemover
  let assessment: Assessment
  /// The host as it was when this program began.
  let host: HostFacts
  let settings: ReaperSettings
  let observer: PodInventory
  let log: Logger
  /// What is known now.
  let evidence: @Sendable () async -> EvidenceStore

  /// Removes what Docker made below a dead pod's cgroup at once, and the run's own directory where
  /// nobody else has a hand in it.
  func removeCgroup(of identity: PodIdentity) async -> RemovalResult {
    var result = RemovalResult()
    let path = identity.cgroupParent
    guard CgroupPath.isRun(path, identity.run), !assessment.isShared(path) else { return result }
    let isOwn = CgroupPath.isOwn(path)
    let wasThere = !folders.folders(of: path).isEmpty
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
    } else if !folders.folders(of: path).isEmpty {
      result.pending = [path]
    }
    return result
  }

  var folders: CgroupFolders { remover.folders }

  /// Removes a dead run's cgroups.
  ///
  /// - Parameters:
  ///   - path: the run's cgroup, checked before.
  ///   - scope: which groups go.
  ///   - isProven: whether the run's executor is known to be dead; else its slice has to tell.
  /// - Returns: what is left against our will, with the reason.
  func remove(
    _ path: String, _ scope: CgroupRemover.Scope, isProven: Bool = true
  ) async -> [String] {
    let left = await remover.remove(path, scope, within: .seconds(2)) {
      try await $0.stop(isProven: isProven)
    }
    return switch left {
    case .folders(let folders): folders.map { "\($0.folder): \($0.reason)" }
    case .slice(let slice, let error): ["\(slice.unit): \(error)"]
    }
  }

  /// Removes the directories below our own root of executors that have just ended and left no
  /// object: they died between the last of them and the directory. No grace is needed, since their
  /// end was seen.
  ///
  /// - Parameter report: told of what was done.
  func removeEnded(_ report: inout PassReport) async {
    guard host.engineIsLocal else { return }
    let ended = await evidence().endedRuns(
      assessment.survey.run, on: host, grace: settings.grace, folders)
    let runs = Set(assessment.pods.keys.map(\.run))
    let paths = Set(assessment.pods.keys.map(\.cgroupParent))
    for (run, path) in ended {
      guard CgroupPath.isOwn(path), CgroupPath.isRun(path, run),
        !runs.contains(run), !paths.contains(path),
        await !evidence().isLeased(run, path, folders), folders.isAbandoned(path)
      else { continue }
      let failures = await remove(path, .run)
      report.cgroupsFailed += failures
      guard failures.isEmpty else { continue }
      report.cgroupsRemoved.append(path)
      log.notice("removed a cgroup", metadata: ["run": "\(Printable.text(run))"])
    }
  }

  /// What the removal of the cgroups of runs without any object came to.
  struct Outcome: Sendable {
    /// What is left to the next pass.
    var janitor: CgroupJanitor
    /// How many runs could not be removed.
    var failed = 0
    /// When a directory that is too fresh now can be taken.
    var due: BootTime?

    mutating func add(due other: BootTime?) { due = [due, other].compactMap { $0 }.min() }
  }

  /// Removes the cgroups of dead runs that have no object any more.
  ///
  /// - Parameters:
  ///   - janitor: what the last pass left.
  ///   - removes: false only reports.
  ///   - report: told of what was done.
  /// - Returns: what is left to the next.
  func removeRuns(
    _ janitor: CgroupJanitor, removes: Bool, _ report: inout PassReport
  ) async -> Outcome {
    var outcome = Outcome(janitor: janitor)
    // What can't be read, or a look that failed, leaves everything as it is.
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
    var done: Set<String> = []
    for run in outcome.janitor.pending.runs where !living.contains(run.path) {
      if folders.folders(of: run.path).isEmpty {
        done.insert(run.path)
        continue
      }
      guard isLeftByAgent(run) else {
        report.cgroupsPending.append(run.path)
        continue
      }
      if !removes { continue }
      let failures = await remove(run.path, .run)
      if failures.isEmpty {
        done.insert(run.path)
        report.cgroupsRemoved.append(run.path)
      } else {
        report.cgroupsFailed += failures
        outcome.failed += 1
      }
    }
    if removes { outcome.janitor.write(log) { try $0.remove(done) } }
  }

  /// Whether the agent is through with a dead run, or has had its time.
  private func isLeftByAgent(_ run: PendingRun) -> Bool {
    if CgroupPath.isOwn(run.path) { return true }
    if settings.checkpoint?.isOver(run: run.run) == true { return true }
    if let view = assessment.agent.proving, view.agentID == run.agentID,
      !view.runs.contains(run.run)
    {
      return true
    }
    return run.hasHadItsTime(at: .now)
  }

  /// Directories without any object of their run. Below our own root they are left from pods that
  /// are over; below a Mesos root they may be a task's that is just being launched, unless the
  /// agent says that the run is over.
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
      guard folders.isAbandoned(path) else {
        outcome.add(due: await endForgotten(path, removes, &outcome.janitor, &report))
        continue
      }
      let first = before[path] ?? .now
      seen[path] = first
      let ripe = first + max(settings.grace, .milliseconds(500))
      guard before[path] != nil, .now >= ripe else {
        outcome.add(due: ripe)
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
    outcome.janitor.forgottenSince = outcome.janitor.forgottenSince.filter {
      survey.strangers.contains($0.key)
    }
  }

  /// Whether nobody may still want a run's cgroup, as far as can be told from outside of it.
  private func isUnowned(_ run: String, _ path: String, _ owned: Set<String>) async -> Bool {
    let evidence = await evidence()
    guard !owned.contains(run), !evidence.knows(run: run) else {
      return false
    }
    if !CgroupPath.isOwn(path) {
      // Agents name runs by UUIDs: no other directory there is one.
      guard CgroupPath.isRunName(run) else { return false }
      // Another agent's runs are no business of this one.
      let isOver =
        assessment.agent.proving.map {
          !$0.runs.contains(run) && $0.cgroupsRoot == CgroupPath.root(of: path)
        } == true || settings.checkpoint?.isOver(run: run) == true
      guard isOver else { return false }
    }
    guard !evidence.isLeased(run, path, folders) else { return false }
    // No slice goes for being empty: its executor may be about to start something in it.
    return PodSlice(path: path) == nil
      || assessment.survey.slices.owner(of: path).refusal(isProven: false) == nil
  }
}
