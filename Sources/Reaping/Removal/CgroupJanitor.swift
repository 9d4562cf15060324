import Cgroups
import LibcgroupTree
import Logging
import PodIdentity

/// What one pass leaves to the next about cgroups: dead runs that still have some, and since when
/// others are seen to be abandoned.
struct CgroupJanitor: Sendable, Equatable {
  /// Dead runs whose cgroups are not all removed yet.
  var pending: PendingRuns
  /// Since when a cgroup that no pod owns is seen to be abandoned.
  var abandonedSince: [String: BootTime] = [:]
  /// Since when a cgroup that no pod owns is seen to hold processes of containers that the engine
  /// has forgotten.
  var forgottenSince: [String: BootTime] = [:]
  /// Such containers that the log has named.
  var loggedForgotten: Set<String> = []
  /// Where the engine keeps its files, once it was asked.
  var engineData: String?
  /// What was mounted at the start of the last pass.
  var mounts: CgroupMounts?

  /// - Parameters:
  ///   - path: the file of the dead runs.
  ///   - bootID: this boot.
  init(path: String, bootID: String?) { pending = PendingRuns(path: path, bootID: bootID) }

  /// Notes the runs of dead pods before anything of them is removed: once their last object is
  /// gone, nothing else tells whose their cgroups were.
  mutating func add(_ dead: some Collection<PodIdentity>, _ assessment: Assessment, _ log: Logger) {
    guard let boot = assessment.survey.bootID, let folders = assessment.survey.cgroups?.folders
    else { return }
    let runs = dead.filter { identity in
      CgroupPath.isRun(identity.cgroupParent, identity.run)
        && !assessment.isShared(identity.cgroupParent)
        && !folders.folders(of: identity.cgroupParent).isEmpty
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
    guard let folders = assessment.survey.cgroups?.folders else { return }
    let paths = Set(dead.map(\.cgroupParent))
    let gone = pending.runs.map(\.path).filter { path in
      paths.contains(path) && folders.folders(of: path).isEmpty
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

  /// Cgroups below the roots that no known dead run accounts for.
  ///
  /// - Parameters:
  ///   - folders: what is mounted.
  ///   - slices: the slices of pods that systemd has.
  ///   - settings: which roots to look below.
  ///   - evidence: the pods that are known; roots that their labels name count where nobody named
  ///     others.
  /// - Returns: their paths.
  func strangers(
    _ folders: CgroupFolders, _ slices: PodSlices, _ settings: ReaperSettings,
    _ evidence: EvidenceStore
  ) -> Set<String> {
    let known = Set(pending.runs.map(\.path))
    let labelled =
      settings.findsRootsByLabels
      ? evidence.records.keys.filter { CgroupPath.isRun($0.cgroupParent, $0.run) } : []
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
}
