import Cgroups
import LibcgroupTree
import Logging
import PodIdentity

/// The state about cgroups between passes: dead runs that still have cgroups, and since when other
/// cgroups have been abandoned.
struct CgroupJanitor: Sendable, Equatable {
  /// Dead runs whose cgroups are not all removed yet.
  var pending: PendingRuns
  /// Since when a cgroup without a pod has been seen abandoned.
  var abandonedSince: [String: BootTime] = [:]
  /// Since when a cgroup without a pod has been seen with processes of containers that the engine
  /// doesn't have any more.
  var forgottenSince: [String: BootTime] = [:]
  /// Such containers that were logged.
  var loggedForgotten: Set<String> = []
  /// The engine's data directory, after the first query.
  var engineData: String?
  /// The hierarchies at the start of the last pass.
  var mounts: CgroupMounts?

  /// - Parameters:
  ///   - path: the file of the dead runs.
  ///   - bootID: the ID of this boot.
  init(path: String, bootID: String?) { pending = PendingRuns(path: path, bootID: bootID) }

  /// Records the runs of dead pods before any of their objects is removed: after the last object is
  /// gone, nothing else shows to which run their cgroups belong.
  mutating func add(_ dead: some Collection<PodIdentity>, _ assessment: Assessment, _ log: Logger) {
    guard let boot = assessment.survey.bootID, let tree = assessment.survey.cgroups?.tree
    else { return }
    let runs = dead.filter { identity in
      CgroupPath.isRun(identity.cgroupParent, identity.run)
        && !assessment.isShared(identity.cgroupParent)
        && !tree.directories(of: identity.cgroupParent).isEmpty
    }
    write(log) {
      try $0.add(
        runs.map { identity in
          let since = assessment.verdicts[identity]?.deadSince ?? .now
          return PendingRun(
            run: identity.run, agentID: identity.agentID, path: identity.cgroupParent, bootID: boot,
            deadSince: since.sinceBoot.inSeconds)
        })
    }
  }

  /// Forgets the runs of dead pods whose cgroups are gone.
  mutating func removeGone(
    _ dead: some Collection<PodIdentity>, _ assessment: Assessment, _ log: Logger
  ) {
    guard let tree = assessment.survey.cgroups?.tree else { return }
    let paths = Set(dead.map(\.cgroupParent))
    let gone = pending.runs.map(\.path).filter { path in
      paths.contains(path) && tree.directories(of: path).isEmpty
    }
    write(log) { try $0.remove(Set(gone)) }
  }

  /// Changes the list of dead runs and its file.
  mutating func write(_ log: Logger, _ change: (inout PendingRuns) throws -> Void) {
    do {
      try change(&pending)
    } catch {
      log.error("\(pending.path) can't be written: \(error)")
    }
  }

  /// Cgroups below the roots that belong to no known dead run.
  ///
  /// - Parameters:
  ///   - tree: the mounted hierarchies.
  ///   - slices: the slices of pods in systemd.
  ///   - settings: the roots to search. Roots from labels are searched too, unless the setting was
  ///     changed.
  ///   - evidence: the known pods, whose labels contain roots.
  /// - Returns: the paths of the cgroups.
  func strangers(
    _ tree: CgroupTree, _ slices: PodSlices, _ settings: ReaperSettings,
    _ evidence: EvidenceStore
  ) -> Set<String> {
    let known = Set(pending.runs.map(\.path))
    let labeled =
      settings.findsRootsByLabels
      ? evidence.records.keys.filter { CgroupPath.isRun($0.cgroupParent, $0.run) } : []
    let roots = Set(
      settings.cgroupRoots + slices.roots + labeled.map { CgroupPath.root(of: $0.cgroupParent) })
    var found = Set(slices.paths.filter { !known.contains($0) })
    for root in roots {
      for name in tree.children(of: "/" + root) where !known.contains("/\(root)/\(name)") {
        found.insert("/\(root)/\(name)")
      }
    }
    return found
  }
}
